# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one table of figures of the right Shadow Hand E3M5: links, joints, motors and tendons.

Figures from the MuJoCo Menagerie's model of the hand (Apache-2.0, Copyright Shadow Robot Company and DeepMind).

Frames: every link frame sits on its joint. In the frames of the hand proper, ``z`` runs towards the fingertips, ``y``
to the back of the hand and ``x`` to the index finger's side. The forearm's frame is the frame of the whole hand: ``x``
towards the fingertips, ``z`` out of the palm, so that a hand placed without a rotation lies with its palm up.

Units: m, kg, rad, N·m, s. Quaternions are ``(w, x, y, z)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ddpl_isaac.assets.bodies import Joint, Link, Quaternion, Vector

TURN_Z: Quaternion = (0.70710678, 0.0, 0.0, 0.70710678)
HAND_IN_FOREARM: Quaternion = (0.5, -0.5, 0.5, -0.5)
"""Turns the hand's ``z`` (fingers) to the forearm's ``x``, and its ``-y`` (palm) to the forearm's ``z``."""

JOINT_ARMATURE = 0.0002
"""Inertia that every motor adds to its joint [kg·m²]."""

JOINT_FRICTION = 0.01
"""Dry friction of every joint [N·m]."""


@dataclass(frozen=True)
class Motor:
    """A position motor on one joint."""

    joint: str
    stiffness: float
    """[N·m/rad]"""
    effort_limit: float
    """[N·m]"""


@dataclass(frozen=True)
class Tendon:
    """A position motor that pulls two joints together; its length is the sum of their angles."""

    name: str
    joints: tuple[str, str]
    """The middle and the distal joint."""
    stiffness: float = 0.5
    """[N·m/rad]"""
    effort_limit: float = 1.0
    """[N·m]"""
    lower: float = 0.0
    """Least command [rad]."""
    upper: float = 3.1415
    """Greatest command [rad]."""


def _finger(prefix: str, parent: str, position: Vector, spread_axis: Vector) -> tuple[Link, ...]:
    """Build one of the four fingers, which differ in their place and in the sense of their spread alone."""
    low, up = prefix.lower(), prefix.upper()
    knuckle, proximal, middle, distal = (f"rh_{low}{part}" for part in ("knuckle", "proximal", "middle", "distal"))
    return (
        Link(
            knuckle, parent, position, 0.008, (0.0, 0.0, 0.0), (3.2e-07, 2.6e-07, 2.6e-07),
            Joint(f"rh_{up}J4", spread_axis, -0.349066, 0.349066), inertia_orientation=(0.5, 0.5, -0.5, 0.5),
        ),
        Link(
            proximal, knuckle, (0.0, 0.0, 0.0), 0.03, (0.0, 0.0, 0.0225), (1e-05, 9.8e-06, 1.8e-06),
            Joint(f"rh_{up}J3", (1.0, 0.0, 0.0), -0.261799, 1.5708), inertia_orientation=TURN_Z,
        ),
        Link(
            middle, proximal, (0.0, 0.0, 0.045), 0.017, (0.0, 0.0, 0.0125), (2.7e-06, 2.6e-06, 8.7e-07),
            Joint(f"rh_{up}J2", (1.0, 0.0, 0.0), 0.0, 1.5708), inertia_orientation=TURN_Z,
        ),
        Link(
            distal, middle, (0.0, 0.0, 0.025), 0.013, (0.0, 0.0, 0.0130769), (1.28092e-06, 1.12092e-06, 5.3e-07),
            Joint(f"rh_{up}J1", (1.0, 0.0, 0.0), 0.0, 1.5708), inertia_orientation=TURN_Z,
        ),
    )  # fmt: skip


# fmt: off
_ARM = (
    Link("rh_forearm", None, (0.0, 0.0, 0.0), 3.0, (0.09, 0.0, 0.0), (0.00744, 0.0138, 0.0138), None),
    Link(
        "rh_wrist", "rh_forearm", (0.21301, 0.0, 0.01), 0.1, (0.0, 0.0, 0.029), (6.4e-05, 4.38e-05, 3.5e-05),
        Joint("rh_WRJ2", (0.0, 1.0, 0.0), -0.523599, 0.174533, damping=0.5),
        orientation=HAND_IN_FOREARM, inertia_orientation=(0.5, 0.5, 0.5, 0.5),
    ),
    Link(
        "rh_palm", "rh_wrist", (0.0, 0.0, 0.034), 0.3, (0.0, 0.0, 0.035), (0.0005287, 0.0003581, 0.000191),
        Joint("rh_WRJ1", (1.0, 0.0, 0.0), -0.698132, 0.488692, damping=0.5), inertia_orientation=TURN_Z,
    ),
)

_LITTLE_METACARPAL = (
    Link(
        "rh_lfmetacarpal", "rh_palm", (-0.033, 0.0, 0.02071), 0.03, (0.0, 0.0, 0.04), (1.638e-05, 1.45e-05, 4.272e-06),
        Joint("rh_LFJ5", (0.573576, 0.0, 0.819152), 0.0, 0.785398), inertia_orientation=TURN_Z,
    ),
)

_THUMB = (
    Link(
        "rh_thbase", "rh_palm", (0.034, -0.00858, 0.029), 0.01, (0.0, 0.0, 0.0), (1.6e-07, 1.6e-07, 1.6e-07),
        Joint("rh_THJ5", (0.0, 0.0, -1.0), -1.0472, 1.0472), orientation=(0.92388, 0.0, 0.382683, 0.0),
    ),
    Link(
        "rh_thproximal", "rh_thbase", (0.0, 0.0, 0.0), 0.04, (0.0, 0.0, 0.019), (1.36e-05, 1.36e-05, 3.13e-06),
        Joint("rh_THJ4", (1.0, 0.0, 0.0), 0.0, 1.22173),
    ),
    Link(
        "rh_thhub", "rh_thproximal", (0.0, 0.0, 0.038), 0.005, (0.0, 0.0, 0.0), (1e-06, 1e-06, 3e-07),
        Joint("rh_THJ3", (1.0, 0.0, 0.0), -0.20944, 0.20944),
    ),
    Link(
        "rh_thmiddle", "rh_thhub", (0.0, 0.0, 0.0), 0.02, (0.0, 0.0, 0.016), (5.1e-06, 5.1e-06, 1.21e-06),
        Joint("rh_THJ2", (0.0, -1.0, 0.0), -0.698132, 0.698132),
    ),
    Link(
        "rh_thdistal", "rh_thmiddle", (0.0, 0.0, 0.032), 0.017, (0.0, 0.0, 0.0145588),
        (2.37794e-06, 2.27794e-06, 1e-06), Joint("rh_THJ1", (1.0, 0.0, 0.0), -0.261799, 1.5708),
        orientation=(0.70710678, 0.0, 0.0, -0.70710678), inertia_orientation=TURN_Z,
    ),
)
# fmt: on

LINKS: tuple[Link, ...] = (
    *_ARM,
    *_finger("ff", "rh_palm", (0.033, 0.0, 0.095), (0.0, -1.0, 0.0)),
    *_LITTLE_METACARPAL,
    *_finger("lf", "rh_lfmetacarpal", (0.0, 0.0, 0.06579), (0.0, 1.0, 0.0)),
    *_finger("mf", "rh_palm", (0.011, 0.0, 0.099), (0.0, -1.0, 0.0)),
    *_finger("rf", "rh_palm", (-0.011, 0.0, 0.095), (0.0, 1.0, 0.0)),
    *_THUMB,
)
"""Links, parents first. The fingers stand in the order in which PhysX numbers siblings, so that its tendons match their
names."""

MOTORS: tuple[Motor, ...] = (
    Motor("rh_WRJ2", 10.0, 10.0),
    Motor("rh_WRJ1", 8.0, 5.0),
    Motor("rh_FFJ4", 1.0, 1.0),
    Motor("rh_FFJ3", 1.0, 1.0),
    Motor("rh_LFJ5", 1.0, 1.0),
    Motor("rh_LFJ4", 1.0, 1.0),
    Motor("rh_LFJ3", 1.0, 1.0),
    Motor("rh_MFJ4", 1.0, 1.0),
    Motor("rh_MFJ3", 1.0, 1.0),
    Motor("rh_RFJ4", 1.0, 1.0),
    Motor("rh_RFJ3", 1.0, 1.0),
    Motor("rh_THJ5", 0.4, 3.0),
    Motor("rh_THJ4", 1.0, 2.0),
    Motor("rh_THJ3", 0.5, 1.0),
    Motor("rh_THJ2", 1.5, 1.0),
    Motor("rh_THJ1", 1.0, 1.0),
)
"""Motors of a single joint, in the order of the joints."""

TENDONS: tuple[Tendon, ...] = tuple(
    Tendon(f"rh_{finger}J0", (f"rh_{finger}J2", f"rh_{finger}J1")) for finger in ("FF", "LF", "MF", "RF")
)
"""Motors of the finger tendons, in the order of the joints."""

SLIDES: tuple[tuple[Joint, Motor], ...] = (
    (Joint("rh_SLJ2", (0.0, 0.0, 1.0), -0.25, 0.25, damping=150.0, slides=True), Motor("rh_SLJ2", 2000.0, 150.0)),
    (Joint("rh_SLJ1", (1.0, 0.0, 0.0), -0.05, 0.05, damping=150.0, slides=True), Motor("rh_SLJ1", 2000.0, 150.0)),
)
"""Slides below the forearm, ours: up and down, then towards the fingertips and back. Their figures are in m and N."""

SLIDING_LINKS: tuple[Link, ...] = (
    Link("rh_mount", None, (0.0, 0.0, 0.0), 0.5, (0.0, 0.0, 0.0), (0.001, 0.001, 0.001), None),
    Link("rh_carriage", "rh_mount", (0.0, 0.0, 0.0), 0.5, (0.0, 0.0, 0.0), (0.001, 0.001, 0.001), SLIDES[0][0]),
    replace(LINKS[0], parent="rh_carriage", joint=SLIDES[1][0]),
    *LINKS[1:],
)
"""Links of the hand on its slides, parents first."""

UNTOUCHED_PAIRS: tuple[tuple[str, str], ...] = (
    ("rh_forearm", "rh_palm"),
    ("rh_thproximal", "rh_thmiddle"),
    ("rh_thproximal", "rh_palm"),
    *((f"rh_{finger}proximal", "rh_palm") for finger in ("ff", "lf", "mf", "rf")),
    ("rh_lfproximal", "rh_lfmetacarpal"),
)
"""Links that overlap by construction without being neighbours, and therefore do not collide."""
