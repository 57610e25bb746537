# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Things that are carried, of primitives: a tray with two bars, a pot with two handles.

Their figures are ours. Units: m, kg.
"""

from __future__ import annotations

from pathlib import Path

from ddpl_isaac.assets.bodies import Link, Material, Shape, Thing, Vector, box, box_inertia, capsule, ornament

DATA = Path(__file__).parent / "data"
TRAY_FILE, POT_FILE = DATA / "tray.usda", DATA / "pot.usda"

MATERIALS: dict[str, Material] = {
    "metal": ((0.35, 0.36, 0.38), 0.3, 0.8),
    "wood": ((0.55, 0.33, 0.16), 0.7, 0.0),
    "enamel": ((0.62, 0.08, 0.06), 0.3, 0.0),
}

TRAY_HALF_EDGES: Vector = (0.2, 0.15, 0.006)
"""Half edges of the tray's plate, whose middle is the origin of the tray's frame [m]."""

BAR = TRAY_HALF_EDGES[0] + 0.07
"""Where the bars by which the tray is carried lie, along both directions of the tray's x [m]."""


def _bar(side: float) -> tuple[Shape, ...]:
    """Return a bar across the end of the tray, and the rod that holds it."""
    return (
        capsule(0.012, 0.116, (side * BAR, 0.0, 0.0), "metal", "Y"),
        box((0.04, 0.012, 0.005), (side * (BAR - 0.04), 0.0, 0.0), "metal"),
    )


_EDGE = 0.006
"""Half width and half height of the tray's rim [m]."""

TRAY_SHAPES: tuple[Shape, ...] = (
    box(TRAY_HALF_EDGES, (0.0, 0.0, 0.0), "wood"),
    *(
        box((_EDGE, TRAY_HALF_EDGES[1], _EDGE), (side * (TRAY_HALF_EDGES[0] - _EDGE), 0.0, 2.0 * _EDGE), "wood")
        for side in (1.0, -1.0)
    ),
    *(
        box((TRAY_HALF_EDGES[0], _EDGE, _EDGE), (0.0, side * (TRAY_HALF_EDGES[1] - _EDGE), 2.0 * _EDGE), "wood")
        for side in (1.0, -1.0)
    ),
    *_bar(1.0),
    *_bar(-1.0),
)
"""A plate with a rim of 12 mm, and a bar at both ends."""

TRAY = Thing(
    # its inertia is that of a plate a little longer than its own
    Link("tray", None, (0.0, 0.0, 0.0), 0.8, (0.0, 0.0, 0.0), box_inertia(0.8, (0.22, 0.15, 0.006)), None),
    TRAY_SHAPES,
    MATERIALS,
)

POT_HALF_EDGES: Vector = (0.09, 0.09, 0.06)
"""Half edges of the pot, whose middle is the origin of its frame [m]."""

HANDLE = (POT_HALF_EDGES[1] + 0.1, 0.03)
"""Where the handles' bars lie, along both directions of the pot's y, and above its middle [m]."""


def _handle(side: float) -> tuple[Shape, ...]:
    """Return a bar along x that four fingers reach under, and the two rods that hold it."""
    distance, height = HANDLE
    middle = side * (POT_HALF_EDGES[1] + distance) / 2.0
    rod = (0.006, (distance - POT_HALF_EDGES[1]) / 2.0, 0.006)
    return (
        capsule(0.012, 0.13, (0.0, side * distance, height), "metal", "X"),
        box(rod, (0.065, middle, height), "metal"),
        box(rod, (-0.065, middle, height), "metal"),
    )


POT = Thing(
    Link("pot", None, (0.0, 0.0, 0.0), 1.0, (0.0, 0.0, 0.0), box_inertia(1.0, (0.09, 0.12, 0.06)), None),
    (
        # what it stands on and is touched by is a box, what is seen is round
        Shape("box", POT_HALF_EDGES, (0.0, 0.0, 0.0), "enamel", seen=False),
        ornament("cylinder", (POT_HALF_EDGES[0], 2.0 * POT_HALF_EDGES[2]), (0.0, 0.0, 0.0), "enamel"),
        ornament("cylinder", (POT_HALF_EDGES[0] + 0.004, 0.008), (0.0, 0.0, POT_HALF_EDGES[2]), "metal"),
        *_handle(1.0),
        *_handle(-1.0),
    ),
    MATERIALS,
)
"""A pot of 1 kg."""
