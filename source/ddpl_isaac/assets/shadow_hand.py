# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A self-contained right Shadow Hand E3M5 for PhysX and Newton.

The hand has 24 joints and 20 motors: 16 turn a joint each, 4 pull the tendon of a finger, whose middle and distal
joints share it as ``J0 = J1 + J2``. Names and roles are those of ``isaaclab_assets.robots.shadow_hand``, so that tasks
written for that hand run on this one.

Root frame: the frame of the forearm, at its lower end. ``x`` runs towards the fingertips, ``z`` out of the palm (a hand
placed without a rotation lies with its palm up) and the thumb is on the side of ``-y``. The default pose is flat: all
joints at zero.
"""

from __future__ import annotations

from pathlib import Path

import isaaclab.sim as sim_utils
from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.assets.articulation import ArticulationCfg
from isaaclab.utils import replace
from isaaclab_newton.sim.schemas import NewtonArticulationCfg
from isaaclab_physx.sim.schemas import PhysxArticulationCfg, PhysxRigidBodyCfg

from ddpl_isaac.assets.shadow_hand_figures import JOINT_ARMATURE, JOINT_FRICTION, LINKS, MOTORS, SLIDES, TENDONS

JOINT_NAMES = [motor.joint for motor in MOTORS]
"""The 16 joints that have a motor of their own, in the order of the joints [rad]."""

TENDON_NAMES = [tendon.name for tendon in TENDONS]
"""The 4 tendons, one per finger, in the order of the joints [rad]."""

TENDON_JOINT_NAMES = [joint for tendon in TENDONS for joint in tendon.joints]
"""The 8 joints that the tendons turn, two each."""

TENDON_POSITION_LIMITS = (TENDONS[0].lower, TENDONS[0].upper)
"""Range of a tendon's command [rad]."""

FINGERTIP_NAMES = ["rh_ffdistal", "rh_lfdistal", "rh_mfdistal", "rh_rfdistal", "rh_thdistal"]
"""The last link of every finger, in the order of the bodies."""

PALM_CENTER = (0.335, -0.015, 0.07)
"""Where a ball of radius 0.0335 m is let go over the palm, in the root frame [m].

Of five places tried between x = 0.33 and 0.355 m, this one is clear of the fingers for every joint position and ball
position that a reset can draw (joints 0.2 of the way to anywhere in their ranges, ball 0.01 m to every side), and the
cupped hand then caught and kept the ball for 3 s in 64 of 64 environments on PhysX and 10 of 10 on Newton.
"""

BALL_REST = (0.340, -0.018, 0.0535)
"""Where that ball comes to rest in the cupped hand, in the root frame [m].

No place to let go of a ball: with a reset's noise it would overlap the palm. Mean over 64 drops from
:data:`PALM_CENTER` on PhysX; the standard deviation is (0.004, 0.0025, 0.0005) m.
"""

GOAL_POSITION_OFFSET = (0.36, 0.0, 0.0535)
"""Where the handover's goal lies, in the root frame [m].

Isaac Lab's distance along the hand, which keeps the 0.28 m between its two goals, at the height of a ball that lies on
this hand; it is 0.027 m from :data:`BALL_REST`.
"""

CUPPED_JOINTS: dict[str, float] = {
    **dict.fromkeys(JOINT_NAMES, 0.0),
    **{f"rh_{finger}J3": 0.45 for finger in ("FF", "LF", "MF", "RF")},
    "rh_LFJ5": 0.5,
    "rh_THJ5": 0.3,
    "rh_THJ4": 0.9,
    "rh_THJ1": 0.3,
}
"""Joint commands of a hand cupped around a ball [rad].

Of twelve postures tried; fingers bent further than 0.6 rad push the ball out over the heel of the hand, and a thumb
turned in further than 1 rad pushes it off the side.
"""

CUPPED_TENDONS: dict[str, float] = dict.fromkeys(TENDON_NAMES, 0.5)
"""Tendon commands of a hand cupped around a ball [rad]."""

_DAMPING = {link.joint.name: link.joint.damping for link in LINKS if link.joint is not None}

SHADOW_HAND_CFG = ArticulationCfg(
    spawn=sim_utils.UsdFileCfg(
        usd_path=str(Path(__file__).parent / "data" / "shadow_hand.usda"),
        rigid_props=PhysxRigidBodyCfg(
            disable_gravity=True, retain_accelerations=True, max_depenetration_velocity=1000.0
        ),
        articulation_props=[
            PhysxArticulationCfg(
                enabled_self_collisions=True,
                solver_position_iteration_count=8,
                solver_velocity_iteration_count=0,
                sleep_threshold=0.005,
                stabilization_threshold=0.0005,
            ),
            NewtonArticulationCfg(self_collision_enabled=True),
        ],
    ),
    # A quarter turn to the right: fingers along -y of the world, as the handover task wants its right hand.
    init_state=ArticulationCfg.InitialStateCfg(
        pos=(0.0, 0.0, 0.5), rot=(0.0, 0.0, -0.70710678118, 0.70710678118), joint_pos={".*": 0.0}
    ),
    # The engines number joints and bodies differently; one order for both keeps policies exchangeable.
    joint_ordering="mjwarp",
    body_ordering="mjwarp",
    actuators={
        "motors": ImplicitActuatorCfg(
            joint_names_expr=JOINT_NAMES,
            joint_effort_limit={motor.joint: motor.effort_limit for motor in MOTORS},
            stiffness={motor.joint: motor.stiffness for motor in MOTORS},
            damping={motor.joint: _DAMPING[motor.joint] for motor in MOTORS},
            armature=JOINT_ARMATURE,
            friction=JOINT_FRICTION,
        ),
        "tendon_joints": ImplicitActuatorCfg(
            joint_names_expr=TENDON_JOINT_NAMES,
            joint_effort_limit={joint: tendon.effort_limit for tendon in TENDONS for joint in tendon.joints},
            stiffness=0.0,
            damping={joint: _DAMPING[joint] for tendon in TENDONS for joint in tendon.joints},
            armature=JOINT_ARMATURE,
            friction=JOINT_FRICTION,
        ),
    },
)
"""The hand, for every engine: one file holds what each of them reads."""

SLIDE_NAMES = [joint.name for joint, _ in SLIDES]
"""The slides below the forearm of :data:`SLIDING_HAND_CFG`: up and down, forth and back [m]."""

SLIDING_HAND_CFG = replace(
    SHADOW_HAND_CFG,
    spawn=replace(SHADOW_HAND_CFG.spawn, usd_path=str(Path(__file__).parent / "data" / "sliding_hand.usda")),
    actuators=SHADOW_HAND_CFG.actuators
    | {
        "slides": ImplicitActuatorCfg(
            joint_names_expr=SLIDE_NAMES,
            joint_effort_limit={joint.name: motor.effort_limit for joint, motor in SLIDES},
            stiffness={joint.name: motor.stiffness for joint, motor in SLIDES},
            damping={joint.name: joint.damping for joint, _ in SLIDES},
        )
    },
)
"""The hand whose forearm slides up and down, and along its fingers."""
