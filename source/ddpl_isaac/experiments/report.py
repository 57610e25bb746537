# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Figures and tables that put methods side by side, each by several seeds."""

from __future__ import annotations

import glob
import math
import numpy as np
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ddpl_isaac.experiments.run_curves import Curve, ReportError, final_values, on_common_grid, read_curve
from ddpl_isaac.experiments.summary import iqm, iqm_interval
from ddpl_isaac.interruption import whole_file
from ddpl_isaac.runners.evaluator import markdown_table


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


def draw(
    groups: dict[str, dict[str, list[Curve]]], quantity: str, path: str | Path, axis: str, title: str = ""
) -> None:
    """Draw, in a panel per group, the interquartile mean over seeds and its 95 % bootstrap interval of every method.

    Args:
        groups: Curves by the panel's title and by label.
        quantity: Name of the vertical axis.
        path: PNG to write; its directory is created.
        axis: Name of the horizontal axis.
        title: Title of the figure.
    """
    columns = min(3, len(groups))
    rows = math.ceil(len(groups) / columns)
    figure = Figure(figsize=(7.0 if columns == 1 else 4.2 * columns, 4.0 * rows), dpi=100, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    labels = dict.fromkeys(label for methods in groups.values() for label in methods)
    colors = {label: f"C{i}" for i, label in enumerate(labels)}
    for axes, (name, methods) in zip(panels, groups.items(), strict=False):
        for label, curves in methods.items():
            _draw_method(axes, label, curves, colors[label])
        axes.set(xlabel=axis, ylabel=quantity, title=name)
        axes.set_xlim(left=0)
        axes.ticklabel_format(axis="x", style="sci", scilimits=(-3, 4))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    for axes in panels[len(groups) :]:
        axes.remove()
    figure.suptitle(title)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with whole_file(Path(path)) as file:
        figure.savefig(file)


def _draw_method(axes: Axes, label: str, curves: list[Curve], color: str) -> None:
    """Draw the line of a method, with its interval if there are several seeds."""
    steps, values = on_common_grid(curves)
    seeds = f"{len(curves)} seeds" if len(curves) > 1 else "1 seed"
    axes.plot(steps, iqm(values, axis=0), label=f"{label} ({seeds})", color=color)
    if len(curves) > 1:
        _, low, high = np.array([iqm_interval(point) for point in values.T]).T
        axes.fill_between(steps, low, high, color=color, alpha=0.2, linewidth=0)


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
