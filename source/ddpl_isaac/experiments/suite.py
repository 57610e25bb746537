# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Grids of game studies: one JSON per cell, so that an interrupted grid goes on where it stopped, and one table."""

from __future__ import annotations

import itertools
import json
import numpy as np
import os
import time
import torch
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ddpl_isaac.config_loader import ConfigError, load_config, nearest
from ddpl_isaac.config_ranges import CHOICES
from ddpl_isaac.experiments.game_study import Study, run_study
from ddpl_isaac.experiments.games import GAMES
from ddpl_isaac.runners.evaluator import bootstrap_interval, markdown_table

METRICS = ("agent_hit", "joint_hit", "return", "weaker_mode", "std", "nash_gap")
_ACCEPTED = {"game": tuple(GAMES), "policy_class": (*CHOICES["algorithm.policy_class"], "ideal")}


class SuiteError(ValueError):
    """Some cells of a grid failed."""


@dataclass(frozen=True)
class Cell:
    """A study with the settings of its learner."""

    study: Study
    """What is played."""

    settings: tuple[str, ...]
    """Tokens ``agent.field=value``."""

    variant: str = ""
    """Word that tells studies apart which differ in their settings alone."""

    @property
    def name(self) -> str:
        """File name of the result, without suffix."""
        study = self.study
        suffix = f"_{self.variant}" if self.variant else ""
        return f"{study.game}_{study.policy_class}_n{study.num_agents}_seed{study.seed}{suffix}"


def read_cells(path: Path) -> list[Cell]:
    """Read a grid: ``studies``, a list whose entries may hold lists, which are multiplied; ``settings`` for all.

    An entry may bring ``settings`` of its own, which win, and the word ``variant`` to name its results by.

    Raises:
        ConfigError: If the file is missing or a field is unknown or out of range.
    """
    try:
        content = OmegaConf.to_container(OmegaConf.load(path))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no suite '{path}'.") from error
    except (YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(f"'{path}' is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("studies"), list):
        raise ConfigError(f"'{path}' must hold a list 'studies' and may hold a list 'settings'.")
    cells = []
    for entry in content["studies"]:
        settings = (*content.get("settings", []), *entry.pop("settings", []))
        variant = str(entry.pop("variant", ""))
        lists = [value if isinstance(value, list) else [value] for value in entry.values()]
        for values in itertools.product(*lists):
            cell = Cell(_study(dict(zip(entry, values, strict=True)), path), settings, variant)
            load_config(None, _settings(cell))
            cells.append(cell)
    names = [cell.name for cell in cells]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"'{path}' describes {name} more than once; change game, class, agents, seed or variant.")
    return cells


def run_suite(path: Path, output: Path, report: Callable[[str], None]) -> str:
    """Run the cells that have no result yet, and return the table of all that succeeded.

    A cell that fails leaves its traceback in ``<name>.failed`` and the others go on; the next call tries it again.

    Args:
        path: The grid.
        output: Folder of the results, made if it is missing.
        report: Told of every cell that begins or fails.

    Raises:
        ConfigError: If the grid is wrong, or a result in the folder is that of other settings.
        SuiteError: After the last cell, if any failed; the message holds the table of the others.
    """
    cells = read_cells(path)
    output.mkdir(parents=True, exist_ok=True)
    results, durations, failed = [], [], []
    for i, cell in enumerate(cells):
        result = _read_result(output / f"{cell.name}.json", cell)
        if result is None:
            left = f", about {np.mean(durations) * (len(cells) - i) / 60:.0f} min left" if durations else ""
            report(f"{i + 1}/{len(cells)} {cell.name}{left}")
            start = time.monotonic()
            try:
                result = _run_cell(output / f"{cell.name}.json", cell)
            except Exception as error:
                (output / f"{cell.name}.failed").write_text(traceback.format_exc())
                report(f"{cell.name} failed: {type(error).__name__}: {error}")
                failed.append(cell.name)
                continue
            durations.append(time.monotonic() - start)
        results.append(result | {"variant": cell.variant})
    table = _table(results)
    if failed:
        raise SuiteError(f"{len(failed)} of {len(cells)} cells failed: {', '.join(failed)}; see {output}.\n{table}")
    return table


def _study(entry: dict[str, Any], path: Path) -> Study:
    types = get_type_hints(Study)
    for key, value in entry.items():
        if key not in types:
            closest = " or ".join(nearest(key, types)) or "one of " + ", ".join(types)
            raise ConfigError(f"Unknown field '{key}' (in {path}); did you mean {closest}?")
        accepted = _ACCEPTED.get(key)
        if accepted and value not in accepted:
            raise ConfigError(f"{key}: {value} (in {path}) is none of {', '.join(accepted)}.")
        if not accepted and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ConfigError(f"{key}: {value} (in {path}) must be a whole number >= 1.")
    missing = [item.name for item in fields(Study) if item.name in ("game", "policy_class", "num_agents")]
    missing = [name for name in missing if name not in entry]
    if missing:
        raise ConfigError(f"A study in {path} lacks {', '.join(missing)}.")
    return Study(**entry)


def _settings(cell: Cell) -> list[str]:
    """Return the settings of the learner; particles have no network to choose."""
    own_class = cell.study.policy_class
    return [*cell.settings, *([] if own_class == "ideal" else [f"agent.algorithm.policy_class={own_class}"])]


def _read_result(path: Path, cell: Cell) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    result = json.loads(path.read_text())
    if result["study"] != asdict(cell.study) or result["settings"] != list(cell.settings):
        raise ConfigError(f"{path} was made with other settings; choose another --output or remove it.")
    return result


def _run_cell(path: Path, cell: Cell) -> dict[str, Any]:
    torch.compiler.reset()  # each cell compiles for its own shapes, and torch allows a function only so many
    history = run_study(cell.study, load_config(None, _settings(cell)).algorithm)
    result = {"study": asdict(cell.study), "settings": list(cell.settings), "history": history}
    temporary = path.with_suffix(".partial")
    temporary.write_text(json.dumps(result))
    os.replace(temporary, path)  # a result is whole or absent
    path.with_suffix(".failed").unlink(missing_ok=True)
    return result


def _table(results: list[dict[str, Any]]) -> str:
    """Return the last values: means over seeds with 95 % bootstrap intervals, and the seeds with a joint hit of .9."""
    metrics = [name for name in METRICS if any(name in result["history"] for result in results)]
    rows = [["game", "variant", "class", "agents", "seeds", "joint hit >= .9", *metrics]]
    for result in results:
        study, last = result["study"], {name: np.array(rows[-1]) for name, rows in result["history"].items()}
        solved = int((last["joint_hit"] >= 0.9).sum())
        cells = [_interval(name, last[name]) if name in last else "" for name in metrics]
        counts = str(study["num_agents"]), str(study["num_seeds"]), f"{solved}/{study['num_seeds']}"
        rows.append([study["game"], result["variant"], study["policy_class"], *counts, *cells])
    return markdown_table(rows)


def _interval(name: str, values: np.ndarray) -> str:
    """Return mean and interval, of a gap, which may be tiny, by significant digits."""
    number = "{:.2g}" if name == "nash_gap" else "{:.2f}"
    return f"{number} [{number}, {number}]".format(*bootstrap_interval(values))
