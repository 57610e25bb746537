# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Grids of studies: one JSON per cell, so that an interrupted grid goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ddpl_isaac.errors import ConfigError, UserError, nearest
from ddpl_isaac.experiments.grid import Cell, read_cells
from ddpl_isaac.experiments.marl_eval import write_marl_eval
from ddpl_isaac.experiments.summary import tables
from ddpl_isaac.interruption import whole_file

Launch = Callable[[list[str]], Iterator[tuple[str, str]]]
"""Runs the cells of these names and yields each at its end, with an empty word or with what went wrong."""


class SuiteError(UserError):
    """Some cells of a grid failed."""


def run_suite(path: Path, output: Path, launch: Launch, report: Callable[[str], None]) -> str:
    """Run the cells that have no result yet, and return the tables of all that succeeded.

    A cell that fails does not keep the others from running; the next call tries it again.

    Args:
        path: The grid.
        output: Folder of the results, made if it is missing.
        launch: Runs cells, one after the other or at once.
        report: Told of every cell that ends.

    Raises:
        ConfigError: If the grid is wrong, or a result in the folder is that of other settings.
        SuiteError: After the last cell, if any failed; the message holds the tables of the others.
    """
    cells = read_cells(path)
    output.mkdir(parents=True, exist_ok=True)
    waiting = [cell.name for cell in cells if _read_result(output, cell) is None]
    report(f"{len(cells)} cells, {len(waiting)} of them to run. Results: {output}")
    failed, start = [], time.monotonic()
    for done, (name, problem) in enumerate(launch(waiting), start=1):
        if problem:
            failed.append(name)
        left = (time.monotonic() - start) / done * (len(waiting) - done) / 60
        report(f"{done}/{len(waiting)} {name}{f' FAILED: {problem}' if problem else ''}, about {left:.0f} min left")
    results = read_results(output, [cell.name for cell in cells])
    write_marl_eval(results, output / "marl_eval.json")
    table = tables(results)
    if failed:
        raise SuiteError(f"{len(failed)} of {len(cells)} cells failed: {', '.join(failed)}; see {output}.\n{table}")
    return table


def run_cell(path: Path, output: Path, name: str, scripts: Path) -> None:
    """Run one cell of a grid and write its result, whole or not at all.

    Args:
        path: The grid.
        output: Folder of the results.
        name: Name of the cell.
        scripts: Directory of the scripts, which trainings call.

    Raises:
        ConfigError: If the grid is wrong or has no such cell.
        StudyError: If the study did not come to its end.
    """
    cells = {cell.name: cell for cell in read_cells(path)}
    if name not in cells:
        closest = " or ".join(nearest(name, cells)) or f"one of {', '.join(cells)}"
        raise ConfigError(f"'{path}' has no cell {name}; did you mean {closest}?")
    cell = cells[name]
    output.mkdir(parents=True, exist_ok=True)
    result = _head(cell) | cell.study.run(cell.settings, output.absolute() / name, scripts.absolute())
    with whole_file(output / f"{name}.json") as file:
        file.write_text(json.dumps(result))


def read_results(output: Path, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Return what has finished: all results of a folder, or those of some cells, as :func:`run_cell` wrote them.

    Raises:
        ConfigError: If there is no such folder, or nothing has finished there.
    """
    paths = sorted(output.glob("*.json")) if names is None else [output / f"{name}.json" for name in names]
    results = [json.loads(path.read_text()) for path in paths if path.is_file()]
    results = [result for result in results if "study" in result]
    if not results and names is None:
        raise ConfigError(f"{output} holds no results. Expected the folder of a suite, such as logs/suite/issm.")
    return results


def _head(cell: Cell) -> dict[str, Any]:
    """Return what a result is the result of."""
    names = {"group": cell.study.group, "method": cell.study.method, "variant": cell.variant}
    return names | {"study": asdict(cell.study), "settings": list(cell.settings)}


def _read_result(output: Path, cell: Cell) -> dict[str, Any] | None:
    path = output / f"{cell.name}.json"
    if not path.is_file():
        return None
    result = json.loads(path.read_text())
    if any(result[key] != value for key, value in _head(cell).items()):
        raise ConfigError(f"{path} was made with other settings; choose another --output or remove it.")
    return result
