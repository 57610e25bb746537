# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Figures of lines, and the CSV files that hold what they show, from which they can be drawn again."""

from __future__ import annotations

import csv
import math
import numpy as np
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from ddpl_isaac.experiments.method_style import MethodStyle, axis_name, method_styles
from ddpl_isaac.experiments.run_curves import Curve, ReportError, on_common_grid
from ddpl_isaac.experiments.summary import iqm, iqm_interval
from ddpl_isaac.interruption import whole_file

_COLUMNS = ("panel", "method", "seeds", "x", "value", "low", "high")


@dataclass(frozen=True)
class Line:
    """What a figure shows of a method."""

    x: np.ndarray
    """Places on the horizontal axis. Shape: (n,)."""

    value: np.ndarray
    """Interquartile mean over the seeds. Shape: (n,)."""

    low: np.ndarray
    """Lower end of the 95 % bootstrap interval; the value itself if there is one seed. Shape: (n,)."""

    high: np.ndarray
    """Upper end. Shape: (n,)."""

    num_seeds: int
    """Seeds behind the line."""


Panels = dict[str, dict[str, Line]]
"""Lines by the panel's title and by label."""


def line_of(curves: list[Curve]) -> Line:
    """Return interquartile mean and interval of the curves of several seeds."""
    steps, values = on_common_grid(curves)
    middle = iqm(values, axis=0)
    if len(curves) == 1:
        return Line(steps, middle, middle, middle, 1)
    _, low, high = np.array([iqm_interval(point) for point in values.T]).T
    return Line(steps, middle, low, high, len(curves))


def draw(panels: Panels, quantity: str, path: str | Path, axis: str, title: str = "") -> None:
    """Draw the line and the interval of every method.

    Args:
        panels: The lines.
        quantity: Name of the vertical axis.
        path: PNG to write; its directory is created.
        axis: Name of the horizontal axis.
        title: Title of the figure.
    """
    columns = min(3, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (7.0, 4.2) if columns == 1 else (4.0 * columns, 3.2 * rows + 0.6)
    figure = Figure(figsize=size, dpi=150 if columns == 1 else 120, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    styles = method_styles(panels.values())
    for axes, (name, lines) in zip(grid, panels.items(), strict=False):
        for label in (label for label in styles if label in lines):
            _draw_line(axes, lines[label], styles[label])
        axes.set(xlabel=axis_name(axis), ylabel=axis_name(quantity), title=name)
        _tidy(axes)
    for axes in grid[len(panels) :]:
        axes.remove()
    _legend(figure, styles, columns)
    figure.suptitle(title)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with whole_file(Path(path)) as file:
        figure.savefig(file)


def _legend(figure: Figure, styles: dict[str, MethodStyle], columns: int) -> None:
    """Give the figure one legend, in the order of the styles."""
    entries = {str(text.get_label()): text for axes in figure.axes for text in axes.get_legend_handles_labels()[0]}
    order = [f"{style.name} (" for style in styles.values()]
    texts = sorted(entries, key=lambda text: next(i for i, start in enumerate(order) if text.startswith(start)))
    handles = [entries[text] for text in texts]
    look = {"frameon": False, "fontsize": "small", "handlelength": 3.5}
    figure.legend(handles, texts, loc="outside lower center", ncols=2 if columns == 1 else 3, **look)


def _draw_line(axes: Axes, line: Line, style: MethodStyle) -> None:
    """Draw a line, with its interval if there is one."""
    seeds = f"{line.num_seeds} seeds" if line.num_seeds > 1 else "1 seed"
    marker = "o" if len(line.x) <= 12 else ""
    look = {"color": style.color, "linestyle": style.dashes, "marker": marker, "markersize": 4}
    axes.plot(line.x, line.value, label=f"{style.name} ({seeds})", linewidth=1.8, **look)
    axes.fill_between(line.x, line.low, line.high, color=style.color, alpha=0.18, linewidth=0)


def _tidy(axes: Axes) -> None:
    """Give the axes short numbers, a grid and no frame."""
    axes.set_xlim(left=0)
    if axes.get_xlim()[1] >= 1000:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def write_csv(panels: Panels, path: str | Path) -> None:
    """Write the lines of a figure, so that it can be drawn again without the runs."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for panel, lines in panels.items():
            for label, line in lines.items():
                for numbers in zip(line.x, line.value, line.low, line.high, strict=True):
                    writer.writerow([panel, label, line.num_seeds, *(f"{number:.6g}" for number in numbers)])


def read_csv(path: str | Path) -> Panels:
    """Read the lines of a figure; empty ends of an interval are the value itself.

    Raises:
        ReportError: If there is no such file, or it has other columns.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}. Expected a CSV that --save_csv wrote.") from None
    if not rows or set(rows[0]) != set(_COLUMNS):
        raise ReportError(f"{path} is no figure's CSV. Expected the columns {', '.join(_COLUMNS)}.")
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault((row["panel"], row["method"]), []).append(row)
    panels: Panels = {}
    for (panel, label), points in found.items():
        panels.setdefault(panel, {})[label] = _line(points)
    return panels


def _line(rows: Iterable[dict[str, str]]) -> Line:
    """Return the line of some rows."""
    rows = list(rows)
    value = [float(row["value"]) for row in rows]
    ends = ([float(row[end] or row["value"]) for row in rows] for end in ("low", "high"))
    low, high = (np.array(end) for end in ends)
    return Line(np.array([float(row["x"]) for row in rows]), np.array(value), low, high, int(rows[0]["seeds"]))
