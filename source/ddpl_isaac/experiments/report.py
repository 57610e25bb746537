# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Figures and tables that put methods side by side, each by several seeds."""

from __future__ import annotations

import glob
from pathlib import Path

from matplotlib.figure import Figure

from ddpl_isaac.experiments.run_curves import Curve, ReportError, final_values, mean_and_range, read_curve
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


def draw(methods: dict[str, list[Curve]], quantity: str, path: str | Path, title: str = "") -> None:
    """Draw mean and range over the seeds of each method against environment steps.

    Args:
        methods: Curves by label.
        quantity: Name of the vertical axis.
        path: PNG to write; its directory is created.
        title: Title of the figure.
    """
    figure = Figure(figsize=(7.0, 4.0), dpi=120, layout="constrained")
    axes = figure.subplots()
    for label, curves in methods.items():
        steps, mean, low, high = mean_and_range(curves)
        seeds = f"{len(curves)} seeds" if len(curves) > 1 else "1 seed"
        (line,) = axes.plot(steps, mean, label=f"{label} ({seeds})")
        axes.fill_between(steps, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.set_xlabel("environment steps")
    axes.set_ylabel(quantity)
    axes.set_xlim(left=0)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(0, 0), useMathText=True)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    axes.set_title(title)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def summary_table(methods: dict[str, list[Curve]], quantity: str) -> str:
    """Return a Markdown table with, per method, the mean and range over seeds at the end of training.

    A seed's value is its mean over the last tenth of its environment steps.
    """
    rows = [["method", "seeds", "environment steps", f"final {quantity} [lowest, highest seed]"]]
    for label, curves in methods.items():
        final = final_values(curves)
        steps = min(curve.env_steps[-1] for curve in curves)
        rows.append(
            [
                label,
                str(len(curves)),
                f"{steps:,.0f}",
                f"{final.mean():.3g} [{final.min():.3g}, {final.max():.3g}]",
            ]
        )
    return markdown_table(rows)
