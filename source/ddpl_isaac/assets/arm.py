# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""An arm with seven joints that ends in a cradle, for PhysX and Newton.

The arm's root frame is that of its base: ``z`` up, and with joint 1 at zero it reaches along ``x``. In its default pose
the last link points along ``x``, with its cradle open at the top, at :data:`CRADLE_POSITION`.
"""

from __future__ import annotations

from pathlib import Path

import isaaclab.sim as sim_utils
from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.assets import ArticulationCfg
from isaaclab_newton.sim.schemas import NewtonArticulationCfg
from isaaclab_physx.sim.schemas import PhysxArticulationCfg, PhysxRigidBodyCfg

from ddpl_isaac.assets.arm_figures import ARMATURE, HINGES, JOINT_NAMES

ARM_FILE = Path(__file__).parent / "data" / "arm.usda"

DEFAULT_JOINTS: dict[str, float] = dict(zip(JOINT_NAMES, (0.0, -0.3, 0.0, -1.9, 0.0, 3.170796, 0.0), strict=True))
"""Elbow up, forearm level, the last link along x [rad]: joint 6 is joint 2 - joint 4 + a quarter turn."""

CRADLE_POSITION = (0.523676, 0.0, 0.818519)
"""Where a bar lies in the cradle of the default pose, in the root frame [m]."""


def _of_joints(values: list[float]) -> dict[str, float]:
    return dict(zip(JOINT_NAMES, values, strict=True))


ARM_CFG = ArticulationCfg(
    spawn=sim_utils.UsdFileCfg(
        usd_path=str(ARM_FILE),
        rigid_props=PhysxRigidBodyCfg(disable_gravity=True, max_depenetration_velocity=5.0),
        articulation_props=[
            PhysxArticulationCfg(
                enabled_self_collisions=False, solver_position_iteration_count=8, solver_velocity_iteration_count=0
            ),
            NewtonArticulationCfg(self_collision_enabled=False),
        ],
    ),
    init_state=ArticulationCfg.InitialStateCfg(joint_pos=DEFAULT_JOINTS),
    joint_ordering="mjwarp",
    body_ordering="mjwarp",
    actuators={
        "motors": ImplicitActuatorCfg(
            joint_names_expr=JOINT_NAMES,
            joint_effort_limit=_of_joints([hinge.effort for hinge in HINGES]),
            joint_velocity_limit=_of_joints([hinge.speed for hinge in HINGES]),
            stiffness=_of_joints([hinge.stiffness for hinge in HINGES]),
            damping=_of_joints([hinge.damping for hinge in HINGES]),
            armature=ARMATURE,
        )
    },
)
"""The arm, for every engine. It is weightless, as an arm that compensates its own gravity."""
