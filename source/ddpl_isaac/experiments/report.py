# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Curves and tables that put methods side by side, each by several seeds."""

from __future__ import annotations

import glob
import numpy as np
from pathlib import Path
from typing import Any

from ddpl_isaac.experiments.figure import Panels, line_of
from ddpl_isaac.experiments.run_curves import Curve, ReportError, final_values, read_curve
from ddpl_isaac.experiments.summary import iqm_interval
from ddpl_isaac.tables import markdown_table


def read_methods(
    runs: list[str], quantity: str, *, num_envs: int | None = None, num_agents: int | None = None
) -> dict[str, list[Curve]]:
    """Read the runs of several methods.

    Args:
        runs: Per method ``label=pattern``; the pattern is a path with wildcards, each match is the run of a seed.
            A label may come again, to add runs.
        quantity: As in :func:`~ddpl_isaac.experiments.run_curves.read_curve`.
        num_envs: As there.
        num_agents: As there.

    Returns:
        The curves of each method, by label.

    Raises:
        ReportError: If an entry has no label, matches nothing, or a run cannot be read.
    """
    methods: dict[str, list[Curve]] = {}
    for entry in runs:
        label, separator, pattern = entry.partition("=")
        if not (separator and label and pattern):
            raise ReportError(f"{entry!r} does not name a method. Expected label=path, such as DDPL=logs/ddpl/hands/*.")
        run_dirs = sorted(path for path in map(Path, glob.glob(pattern)) if path.is_dir())
        if not run_dirs:
            raise ReportError(f"{pattern!r} matches no directory. Expected the directories of runs.")
        curves = [read_curve(path, quantity, num_envs=num_envs, num_agents=num_agents) for path in run_dirs]
        methods.setdefault(label, []).extend(curves)
    return methods


def methods_of_suite(results: list[dict[str, Any]], quantity: str) -> dict[str, dict[str, list[Curve]]]:
    """Return the curves of what has finished of a grid, by what methods are compared on and by method.

    The curve of a training runs over environment steps, a seed per training; that of a game over mirror steps.

    Args:
        results: As :func:`~ddpl_isaac.experiments.suite.read_results` returns them.
        quantity: A curve of trainings (``return``, ``length``, ``success``) or a metric of games.

    Raises:
        ReportError: If no result has such a quantity.
    """
    groups: dict[str, dict[str, list[Curve]]] = {}
    for result in results:
        label = " ".join(filter(None, (result["method"], result["variant"])))
        if quantity in result.get("curves", {}):
            curve = result["curves"][quantity]
            curves = [Curve(np.array(curve["env_steps"]), np.array(curve["values"]))]
        elif quantity in result.get("history", {}):
            rows = np.array(result["history"][quantity])
            curves = [Curve(np.arange(len(rows), dtype=float), values) for values in rows.T]
        else:
            continue
        groups.setdefault(result["group"], {}).setdefault(label, []).extend(curves)
    if not groups:
        known = {name for result in results for part in ("curves", "history") for name in result.get(part, {})}
        raise ReportError(f"No result has the quantity {quantity!r}. They have: {', '.join(sorted(known))}.")
    return groups


def panels_of(groups: dict[str, dict[str, list[Curve]]]) -> Panels:
    """Return the lines of the curves of all seeds, by what methods are compared on and by method."""
    return {name: {label: line_of(curves) for label, curves in methods.items()} for name, methods in groups.items()}


def summary_table(methods: dict[str, list[Curve]], quantity: str) -> str:
    """Return a Markdown table with, per method, interquartile mean and 95 % interval over seeds at the end of training.

    A seed's value is its mean over the last tenth of its environment steps.
    """
    rows = [["method", "seeds", "environment steps", f"final {quantity} [95 % interval]"]]
    for label, curves in methods.items():
        steps = min(curve.env_steps[-1] for curve in curves)
        middle, low, high = iqm_interval(final_values(curves))
        rows.append([label, str(len(curves)), f"{steps:,.0f}", f"{middle:.3g} [{low:.3g}, {high:.3g}]"])
    return markdown_table(rows)
