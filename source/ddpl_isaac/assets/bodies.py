# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What robots and things of primitives are made of: links, the joints that carry them, and the shapes they show.

Units: m, kg, rad, N·m, s. Quaternions are ``(w, x, y, z)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Kind = Literal["capsule", "box", "sphere", "cylinder"]
Axis = Literal["X", "Y", "Z"]
Material = tuple[Vector, float, float]
"""Diffuse colour, roughness, metallic."""

IDENTITY: Quaternion = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Joint:
    """A hinge or a slide between a link and its parent; its axis is given in the link's frame."""

    name: str
    axis: Vector
    lower: float
    """Lower end of the range [rad or m]."""
    upper: float
    """Upper end of the range [rad or m]."""
    damping: float = 0.05
    """Viscous damping [N·m·s/rad or N·s/m]."""
    slides: bool = False
    """Whether it slides along its axis instead of turning about it."""


@dataclass(frozen=True)
class Link:
    """A rigid body and the joint that carries it."""

    name: str
    parent: str | None
    position: Vector
    """Origin in the parent's frame, all joints at zero [m]."""
    mass: float
    """[kg]"""
    center_of_mass: Vector
    """In the link's frame [m]."""
    inertia: Vector
    """Principal moments about the centre of mass [kg·m²]."""
    joint: Joint | None
    orientation: Quaternion = IDENTITY
    """In the parent's frame, all joints at zero."""
    inertia_orientation: Quaternion = IDENTITY
    """Principal axes in the link's frame."""


@dataclass(frozen=True)
class Shape:
    """A primitive on a link."""

    kind: Kind
    size: tuple[float, ...]
    """``(radius, length without caps)``, half edges, ``(radius,)`` or ``(radius, length)`` [m]."""
    position: Vector
    """Centre in the link's frame [m]."""
    color: str
    axis: Axis = "Z"
    """Direction of a capsule or a cylinder."""
    orientation: Quaternion = IDENTITY
    """In the link's frame, ``(w, x, y, z)``."""
    collides: bool = True
    seen: bool = True


def capsule(radius: float, length: float, position: Vector, color: str, axis: Axis = "Z") -> Shape:
    """Make a colliding capsule; ``length`` without its caps [m]."""
    return Shape("capsule", (radius, length), position, color, axis)


def box(half_edges: Vector, position: Vector, color: str, orientation: Quaternion = IDENTITY) -> Shape:
    """Make a colliding box."""
    return Shape("box", half_edges, position, color, orientation=orientation)


def sphere(radius: float, position: Vector, color: str) -> Shape:
    """Make a colliding sphere."""
    return Shape("sphere", (radius,), position, color)


def ornament(kind: Kind, size: tuple[float, ...], position: Vector, color: str, axis: Axis = "Z") -> Shape:
    """Make a primitive that is seen and never touched."""
    return Shape(kind, size, position, color, axis, collides=False)


@dataclass(frozen=True)
class Robot:
    """An articulation that is welded to the world by its first link."""

    name: str
    links: tuple[Link, ...]
    """Parents first."""
    shapes: Mapping[str, tuple[Shape, ...]]
    """What every link is made of."""
    materials: Mapping[str, Material]
    effort_limits: Mapping[str, float]
    """Of every joint [N·m or N]."""
    armature: Mapping[str, float]
    """Inertia that the motor of every joint adds [kg·m² or kg]."""
    friction: Mapping[str, float]
    """Dry friction of every joint [N·m or N]."""
    untouched_pairs: tuple[tuple[str, str], ...] = ()
    """Links that overlap by construction without being neighbours, and therefore do not collide."""


@dataclass(frozen=True)
class Thing:
    """A free rigid body."""

    link: Link
    shapes: tuple[Shape, ...]
    materials: Mapping[str, Material]


def cylinder_inertia(mass: float, radius: float, length: float, axis: Axis) -> Vector:
    """Return the principal moments of a solid cylinder about its centre [kg·m²]."""
    across = mass * (3.0 * radius**2 + length**2) / 12.0
    moments = dict.fromkeys("XYZ", across) | {axis: mass * radius**2 / 2.0}
    return moments["X"], moments["Y"], moments["Z"]


def box_inertia(mass: float, half_edges: Vector) -> Vector:
    """Return the principal moments of a solid box about its centre [kg·m²]."""
    x, y, z = (edge**2 for edge in half_edges)
    return mass * (y + z) / 3.0, mass * (x + z) / 3.0, mass * (x + y) / 3.0
