# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Grids of studies, read from YAML files."""

from __future__ import annotations

import itertools
import re
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, get_type_hints

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ddpl_isaac.config.accepted import accepted_by
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import ConfigError, nearest
from ddpl_isaac.experiments.bandit_study import BanditStudy
from ddpl_isaac.experiments.game_study import GameStudy
from ddpl_isaac.experiments.training_study import TrainingStudy

Study = BanditStudy | GameStudy | TrainingStudy

_KINDS: dict[str, type[Study]] = {"task": TrainingStudy, "bandit": BanditStudy, "game": GameStudy}
"""Kinds of studies by the field that tells them apart."""

_VALUES = {int: ((int,), "a whole number"), float: ((int, float), "a number"), str: ((str,), "a text")}
"""Classes of the values of a field, and a word for them, by its type."""


@dataclass(frozen=True)
class Cell:
    """A study with the settings of its learner."""

    study: Study
    """What is done."""

    settings: tuple[str, ...]
    """Tokens ``agent.field=value``, and ``env.field=value`` of a training."""

    variant: str = ""
    """Word that tells studies apart which differ in their settings alone."""

    @property
    def name(self) -> str:
        """File name of the result, without suffix."""
        name = f"{self.study.group}_{self.study.method}_seed{self.study.seed}"
        return re.sub(r"[^\w.-]", "_", f"{name}_{self.variant}" if self.variant else name)


def read_cells(path: Path) -> list[Cell]:
    """Read a grid: ``studies``, a list whose entries may hold lists, which are multiplied; ``settings`` for all.

    An entry with ``task`` is a :class:`TrainingStudy`, one with ``game`` a :class:`GameStudy`, one with ``bandit`` a
    :class:`BanditStudy`. It may bring ``settings`` of its own, which win, and the word ``variant`` to name its results.

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
            study = _study(dict(zip(entry, values, strict=True)), path)
            load_config(None, [token for token in settings if token.startswith("agent.")])
            cells.append(Cell(study, settings, variant))
    names = [cell.name for cell in cells]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"'{path}' describes {name} more than once; change a field of it, seed or variant.")
    return cells


def _study(entry: dict[str, Any], path: Path) -> Study:
    kind = next((kind for field, kind in _KINDS.items() if field in entry), GameStudy)
    types, accepted = get_type_hints(kind), accepted_by(kind)
    for key, value in entry.items():
        if key not in types:
            closest = " or ".join(nearest(key, types)) or "one of " + ", ".join(types)
            raise ConfigError(f"Unknown field '{key}' (in {path}); did you mean {closest}?")
        classes, noun = _VALUES[types[key]]
        if type(value) not in classes or (key in accepted and value not in accepted[key]):
            raise ConfigError(f"{key}: {value} (in {path}) must be {noun} {accepted.get(key, '')}".rstrip() + ".")
    missing = [item.name for item in fields(kind) if item.default is MISSING and item.name not in entry]
    if missing:
        raise ConfigError(f"A study in {path} lacks {', '.join(missing)}.")
    return kind(**entry)
