# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One name, one colour and one line style for each method, in every figure; the same order in every legend."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

Dashes = str | tuple[float, tuple[float, ...]]


@dataclass(frozen=True)
class MethodStyle:
    """How the line of a method looks."""

    name: str
    """Name in legends."""

    color: str
    """Colour, of Okabe and Ito's palette, which the colour-blind can tell apart."""

    dashes: Dashes
    """Line style, which tells methods apart in a print without colour."""


METHOD_STYLES = {
    "diffusion": MethodStyle("DDPL (diffusion)", "#0072B2", "-"),
    "gaussian_forward_kl": MethodStyle("Gaussian, forward KL", "#D55E00", "--"),
    "gaussian_reverse_kl": MethodStyle("Gaussian, reverse KL", "#009E73", "-."),
    "gmm": MethodStyle("Gaussian mixture", "#CC79A7", (0, (5, 1, 1, 1, 1, 1))),
    "MAPPO": MethodStyle("MAPPO", "#E69F00", (0, (8, 2))),
    "IPPO": MethodStyle("IPPO", "#56B4E9", (0, (3, 1, 1, 1))),
    "ideal": MethodStyle("ideal (particles)", "#000000", ":"),
}
"""The methods in the order of the legends."""

_OTHER_NAMES = {"DDPL": "diffusion"}

_SPARE: tuple[tuple[str, Dashes], ...] = (
    ("#332288", "--"),
    ("#CC6677", "-."),
    ("#117733", (0, (8, 2))),
    ("#999933", (0, (3, 1, 1, 1))),
    ("#882255", (0, (5, 1, 1, 1, 1, 1))),
    ("#44AA99", ":"),
    ("#777777", "-"),
)
"""Looks, of Tol's muted palette, of lines that are no methods and of further variants of a method."""

AXIS_NAMES = {
    "return": "Return",
    "length": "Episode length [steps]",
    "success": "Success rate [share of episodes]",
    "agent_hit": "Agent hits [share of actions]",
    "joint_hit": "Joint hits [share of joint actions]",
    "weaker_mode": "Weaker mode [share of hits]",
    "std": "Standard deviation of an action",
    "nash_gap": "Nash gap [return]",
    "tv": "Total variation to exact mirror steps",
    "environment steps": "Environment steps",
    "mirror steps": "Mirror steps",
}
"""Quantities as an axis names them, with their units."""


def method_styles(panels: Iterable[Iterable[str]]) -> dict[str, MethodStyle]:
    """Return the styles of all lines of a figure, in the order of its legend.

    A label is a method, alone or before a variant (``diffusion latest``), and looks like its method. Where a panel
    shows several variants of a method, the first one does; the others, and labels that are no methods, have looks of
    their own.

    Args:
        panels: The labels in each panel.
    """
    panels = [list(labels) for labels in panels]
    crowded = {
        name for labels in panels for name in METHOD_STYLES if [_method(label) for label in labels].count(name) > 1
    }
    styles: dict[str, MethodStyle] = {}
    spare = itertools.cycle(_SPARE)
    seen: set[str] = set()
    labels = sorted(dict.fromkeys(label for labels in panels for label in labels), key=_rank)
    methods = [_method(label) for label in labels]
    for label, method in zip(labels, methods, strict=True):
        if method and not (method in crowded and method in seen):
            shared = method not in crowded and methods.count(method) > 1  # one entry for its variants in other panels
            styles[label] = METHOD_STYLES[method] if shared else replace(METHOD_STYLES[method], name=_name(label))
            seen.add(method)
        else:
            styles[label] = MethodStyle(_name(label), *next(spare))
    return styles


def axis_name(quantity: str) -> str:
    """Return a quantity's name on an axis."""
    return AXIS_NAMES.get(quantity, quantity)


def _method(label: str) -> str | None:
    """Return the method of a label, or None if it begins with none."""
    first = label.split(" ", 1)[0].rstrip(",")
    first = _OTHER_NAMES.get(first, first)
    return first if first in METHOD_STYLES else None


def _name(label: str) -> str:
    """Return a label as a legend shows it."""
    method = _method(label)
    variant = label.split(" ", 1)[1:]
    return ", ".join((METHOD_STYLES[method].name, *variant)) if method else label


def _rank(label: str) -> int:
    """Return the place of a label's method among the methods."""
    method = _method(label)
    return list(METHOD_STYLES).index(method) if method else len(METHOD_STYLES)
