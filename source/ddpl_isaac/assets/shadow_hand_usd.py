# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writes the Shadow Hand's table of figures as USD: what :mod:`~ddpl_isaac.assets.usd` writes, and its tendons.

``python -m ddpl_isaac.assets.shadow_hand_usd`` writes its files in ``data/`` anew. PhysX reads tendons from its own
schemas on the joints, Newton from ``MjcTendon`` and ``MjcActuator`` prims.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pxr import Sdf, Usd

from ddpl_isaac.assets.bodies import Robot
from ddpl_isaac.assets.shadow_hand_figures import (
    JOINT_ARMATURE,
    JOINT_FRICTION,
    LINKS,
    MOTORS,
    SLIDES,
    SLIDING_LINKS,
    TENDONS,
    UNTOUCHED_PAIRS,
    Tendon,
)
from ddpl_isaac.assets.shadow_hand_shapes import COLORS, SHAPES
from ddpl_isaac.assets.usd import RADIAN, make_robot, save, set_attribute

ROOT = Sdf.Path("/shadow_hand")
DATA_FILE = Path(__file__).parent / "data" / "shadow_hand.usda"
SLIDING_FILE = DATA_FILE.with_name("sliding_hand.usda")

PHYSX_TENDON_GAIN = 2.0
"""PhysX's stiffness of a tendon over what its joints feel: measured with a load on both, 0.508 N·m/rad of 1.0."""

_LIMITS = {motor.joint: motor.effort_limit for motor in MOTORS}
_LIMITS |= {joint: tendon.effort_limit for tendon in TENDONS for joint in tendon.joints}

SHADOW_HAND = Robot(
    name=ROOT.name,
    links=LINKS,
    shapes=SHAPES,
    materials=COLORS,
    effort_limits=_LIMITS,
    armature=dict.fromkeys(_LIMITS, JOINT_ARMATURE),
    friction=dict.fromkeys(_LIMITS, JOINT_FRICTION),
    untouched_pairs=UNTOUCHED_PAIRS,
)


SLIDING_HAND = replace(
    SHADOW_HAND,
    links=SLIDING_LINKS,
    effort_limits=_LIMITS | {joint.name: motor.effort_limit for joint, motor in SLIDES},
    armature={**SHADOW_HAND.armature, **{joint.name: 0.0 for joint, _ in SLIDES}},
    friction={**SHADOW_HAND.friction, **{joint.name: 0.0 for joint, _ in SLIDES}},
)
"""The hand whose forearm slides."""


def write_shadow_hand(path: Path, hand: Robot = SHADOW_HAND) -> None:
    """Write a hand to ``path``."""
    stage = make_robot(hand)
    for tendon in TENDONS:
        _write_tendon(stage, tendon)
    save(stage, path)


def _write_tendon(stage: Usd.Stage, tendon: Tendon) -> None:
    """Write a tendon as PhysX has it (schemas on its joints) and as MuJoCo has it (prims of its own)."""
    middle, distal = (ROOT.AppendPath(f"joints/{joint}") for joint in tendon.joints)
    prefix = f"physxTendon:{tendon.name}"
    root = stage.GetPrimAtPath(middle)
    root.AddAppliedSchema(f"PhysxTendonAxisRootAPI:{tendon.name}")
    set_attribute(root, f"{prefix}:stiffness", Sdf.ValueTypeNames.Float, PHYSX_TENDON_GAIN * tendon.stiffness)
    set_attribute(root, f"{prefix}:damping", Sdf.ValueTypeNames.Float, 0.0)
    # PhysX applies a joint's share of the pull to its link against the link that carries the whole tendon, so the pull
    # on the distal link alone turns both joints with the same torque.
    for path, share in ((middle, 0.0), (distal, 1.0)):
        prim = stage.GetPrimAtPath(path)
        prim.AddAppliedSchema(f"PhysxTendonAxisAPI:{tendon.name}")
        set_attribute(prim, f"{prefix}:jointAxis", Sdf.ValueTypeNames.TokenArray, ["rotX"])
        set_attribute(prim, f"{prefix}:gearing", Sdf.ValueTypeNames.FloatArray, [RADIAN])
        set_attribute(prim, f"{prefix}:forceCoefficient", Sdf.ValueTypeNames.FloatArray, [share])

    prim = stage.DefinePrim(ROOT.AppendPath(f"tendons/{tendon.name}"), "MjcTendon")
    set_attribute(prim, "mjc:type", Sdf.ValueTypeNames.Token, "fixed")
    prim.CreateRelationship("mjc:path", custom=False).SetTargets([middle, distal])
    set_attribute(prim, "mjc:path:indices", Sdf.ValueTypeNames.IntArray, [0, 1])
    set_attribute(prim, "mjc:path:coef", Sdf.ValueTypeNames.DoubleArray, [1.0, 1.0])

    motor = stage.DefinePrim(ROOT.AppendPath(f"motors/rh_A_{tendon.name[3:]}"), "MjcActuator")
    motor.CreateRelationship("mjc:target", custom=False).SetTargets([prim.GetPath()])
    kp = tendon.stiffness
    set_attribute(motor, "mjc:gainType", Sdf.ValueTypeNames.Token, "fixed")
    set_attribute(motor, "mjc:gainPrm", Sdf.ValueTypeNames.DoubleArray, [kp] + [0.0] * 9)
    set_attribute(motor, "mjc:biasType", Sdf.ValueTypeNames.Token, "affine")
    set_attribute(motor, "mjc:biasPrm", Sdf.ValueTypeNames.DoubleArray, [0.0, -kp] + [0.0] * 8)
    for name, low, high in (
        ("forceRange", -tendon.effort_limit, tendon.effort_limit),
        ("ctrlRange", tendon.lower, tendon.upper),
    ):
        set_attribute(motor, f"mjc:{name}:min", Sdf.ValueTypeNames.Double, low)
        set_attribute(motor, f"mjc:{name}:max", Sdf.ValueTypeNames.Double, high)


if __name__ == "__main__":
    write_shadow_hand(DATA_FILE)
    write_shadow_hand(SLIDING_FILE, SLIDING_HAND)
