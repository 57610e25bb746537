# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one table of figures of an arm with seven joints that ends in a cradle.

Link lengths (Denavit-Hartenberg, Craig's convention), ranges, speeds and torques of the joints are those that Franka
Robotics publishes for its Panda (Franka Control Interface, "Robot and interface specifications"). Gains are the joint
impedance of ``iamlab-cmu/franka-interface``, masses those identified by Gaz et al., RA-L 4(4), 2019, rounded. Shapes,
centres of mass and moments of inertia are ours: solid cylinders.

Every link's frame sits on its joint, which turns about its ``z``. The arm stands upright with all joints at zero; the
last link ends in a cradle, a trough that is open at the top, ``x`` of the link's frame, and whose front wall has a gap.

Units: m, kg, rad, N·m, s. Quaternions are ``(w, x, y, z)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ddpl_isaac.assets.bodies import (
    Axis,
    Joint,
    Link,
    Material,
    Quaternion,
    Robot,
    Shape,
    Vector,
    box,
    capsule,
    cylinder_inertia,
    ornament,
    sphere,
)

MATERIALS: dict[str, Material] = {
    "white": ((0.85, 0.86, 0.88), 0.4, 0.0),
    "black": ((0.03, 0.03, 0.035), 0.5, 0.0),
    "metal": ((0.35, 0.36, 0.38), 0.3, 0.8),
}


@dataclass(frozen=True)
class Hinge:
    """A joint as the manufacturer publishes it, and its impedance."""

    a: float
    """Distance to the joint's axis from the one before, along the latter's frame's x [m]."""
    d: float
    """Offset along the joint's axis [m]."""
    alpha: float
    """Turn of the joint's axis about the x of the frame before, in quarter turns."""
    lower: float
    upper: float
    speed: float
    """Greatest speed [rad/s]."""
    effort: float
    """Greatest torque [N·m]."""
    stiffness: float
    """[N·m/rad]"""
    damping: float
    """[N·m·s/rad]"""


# fmt: off
HINGES: tuple[Hinge, ...] = (
    Hinge(0.0, 0.333, 0.0, -2.8973, 2.8973, 2.175, 87.0, 600.0, 50.0),
    Hinge(0.0, 0.0, -1.0, -1.7628, 1.7628, 2.175, 87.0, 600.0, 50.0),
    Hinge(0.0, 0.316, 1.0, -2.8973, 2.8973, 2.175, 87.0, 600.0, 50.0),
    Hinge(0.0825, 0.0, 1.0, -3.0718, -0.0698, 2.175, 87.0, 600.0, 50.0),
    Hinge(-0.0825, 0.384, -1.0, -2.8973, 2.8973, 2.61, 12.0, 250.0, 30.0),
    Hinge(0.0, 0.0, 1.0, -0.0175, 3.7525, 2.61, 12.0, 150.0, 25.0),
    Hinge(0.088, 0.0, 1.0, -2.8973, 2.8973, 2.61, 12.0, 50.0, 15.0),
)
# fmt: on
"""The seven joints, from the base up."""

FLANGE = 0.107
"""Where the last link ends, along its z [m]."""

CRADLE = FLANGE + 0.045
"""Where the middle of a bar lies in the cradle, along z of the last link [m]."""

JOINT_NAMES = [f"joint{number}" for number in range(1, len(HINGES) + 1)]

ARMATURE = 0.1
"""Inertia that a motor and its gear add to their joint [kg·m²]: that of the MuJoCo Menagerie."""

_MAIN: tuple[tuple[float, float, float, Axis, Vector], ...] = (
    # mass, radius, length, axis and centre of the cylinder that gives the link its inertia
    (0.63, 0.07, 0.2, "Z", (0.0, 0.0, 0.12)),
    (4.97, 0.06, 0.2, "Z", (0.0, 0.0, -0.08)),
    (0.65, 0.06, 0.2, "Y", (0.0, -0.1, 0.0)),
    (3.23, 0.055, 0.2, "Z", (0.0, 0.0, -0.06)),
    (3.59, 0.055, 0.16, "Y", (-0.05, 0.08, 0.0)),
    (1.23, 0.05, 0.26, "Z", (0.0, 0.0, -0.17)),
    (1.67, 0.05, 0.1, "X", (0.05, 0.0, 0.0)),
    (0.74, 0.045, 0.14, "Z", (0.0, 0.0, 0.07)),
)


def _turn_x(quarters: float) -> Quaternion:
    """Return a turn about x by quarter turns."""
    half = quarters * math.pi / 4.0
    return math.cos(half), math.sin(half), 0.0, 0.0


def _link(number: int) -> Link:
    """Return one of the eight links, of which the first one is welded to the world."""
    mass, radius, length, axis, center = _MAIN[number]
    inertia = cylinder_inertia(mass, radius, length, axis)
    if number == 0:
        return Link("link0", None, (0.0, 0.0, 0.0), mass, center, inertia, None)
    hinge = HINGES[number - 1]
    turn = hinge.alpha * math.pi / 2.0
    position = (hinge.a, round(-math.sin(turn) * hinge.d, 9), round(math.cos(turn) * hinge.d, 9))
    joint = Joint(JOINT_NAMES[number - 1], (0.0, 0.0, 1.0), hinge.lower, hinge.upper, hinge.damping)
    return Link(
        f"link{number}", f"link{number - 1}", position, mass, center, inertia, joint, orientation=_turn_x(hinge.alpha)
    )


_CRADLE: tuple[Shape, ...] = (
    # floor, back wall, the two posts of the front wall; a bar of radius 0.012 m has 0.01 m of play to both sides
    box((0.006, 0.07, 0.034), (-0.018, 0.0, CRADLE), "metal"),
    box((0.03, 0.07, 0.006), (0.006, 0.0, CRADLE - 0.028), "metal"),
    box((0.03, 0.02, 0.006), (0.006, 0.05, CRADLE + 0.028), "metal"),
    box((0.03, 0.02, 0.006), (0.006, -0.05, CRADLE + 0.028), "metal"),
)

SHAPES: dict[str, tuple[Shape, ...]] = {
    "link0": (
        ornament("box", (0.09, 0.075, 0.03), (0.0, 0.0, 0.03), "black"),
        ornament("cylinder", (0.065, 0.14), (0.0, 0.0, 0.13), "white"),
    ),
    "link1": (
        capsule(0.06, 0.12, (0.0, 0.0, -0.07), "white"),
        ornament("cylinder", (0.066, 0.14), (0.0, 0.0, 0.0), "black", "Y"),
    ),
    "link2": (capsule(0.06, 0.12, (0.0, -0.1, 0.0), "white", "Y"),),
    "link3": (
        capsule(0.055, 0.1, (0.0, 0.0, -0.07), "white"),
        ornament("cylinder", (0.06, 0.13), (0.0825, 0.0, 0.0), "black", "Y"),
        ornament("box", (0.05, 0.045, 0.04), (0.045, 0.0, -0.01), "white"),
    ),
    "link4": (
        capsule(0.055, 0.05, (-0.0825, 0.09, 0.0), "white", "Y"),
        ornament("box", (0.05, 0.04, 0.045), (-0.04, 0.01, 0.0), "white"),
    ),
    "link5": (
        capsule(0.048, 0.18, (0.0, 0.0, -0.15), "white"),
        ornament("cylinder", (0.054, 0.03), (0.0, 0.0, -0.24), "black"),
    ),
    "link6": (
        sphere(0.052, (0.0, 0.0, 0.0), "white"),
        ornament("box", (0.04, 0.04, 0.045), (0.045, 0.0, 0.0), "white"),
    ),
    "link7": (
        capsule(0.043, 0.03, (0.0, 0.0, 0.03), "white"),
        ornament("cylinder", (0.03, 0.05), (0.0, 0.0, FLANGE - 0.01), "black"),
        *_CRADLE,
    ),
}
"""What every link is made of."""

ARM = Robot(
    name="arm",
    links=tuple(_link(number) for number in range(8)),
    shapes=SHAPES,
    materials=MATERIALS,
    effort_limits=dict(zip(JOINT_NAMES, (hinge.effort for hinge in HINGES), strict=True)),
    armature=dict.fromkeys(JOINT_NAMES, ARMATURE),
    friction=dict.fromkeys(JOINT_NAMES, 0.0),
)
