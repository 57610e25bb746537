# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the handover task. Every figure of the decision process is that of ``Isaac-Shadow-Handover-Direct``."""

from __future__ import annotations

import isaaclab.sim as sim_utils
from isaaclab.assets import RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.utils import configclass
from isaaclab_assets.robots.shadow_hand import SHADOW_HAND_PHYSX_CFG
from isaaclab_physx.sim.schemas import PhysxRigidBodyCfg
from isaaclab_tasks.utils import PresetCfg

from ddpl_isaac.assets.shadow_hand import GOAL_POSITION_OFFSET, PALM_CENTER, SHADOW_HAND_CFG
from ddpl_isaac.tasks.hands.hands_env_cfg import (
    HandsEnvCfg,
    HandsSceneCfg,
    Pose,
    Vector,
    hand_presets,
    place_over_hand,
)

BALL_RADIUS = 0.0335
"""[m]"""

RIGHT_HAND: Pose = ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.0, -1.0, 0.5), (0.0, 0.0, 1.0, 0.0))
"""Two right hands, a metre apart, face each other."""

NUCLEUS_SPAWN: Vector = (0.39, 0.0, 0.04)
"""Where the ball is let go over NVIDIA's hand, in its root frame [m]."""

NUCLEUS_GOAL: Vector = (0.36, 0.0, 0.04)
"""Where the ball is wanted over NVIDIA's hand, in its root frame [m]."""

BALL_CFG = RigidObjectCfg(
    prim_path="{ENV_REGEX_NS}/object",
    spawn=sim_utils.SphereCfg(
        radius=BALL_RADIUS,
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.8, 1.0, 0.0)),
        physics_material=sim_utils.RigidBodyMaterialCfg(static_friction=0.7),
        rigid_props=[
            sim_utils.UsdPhysicsRigidBodyCfg(kinematic_enabled=False),
            PhysxRigidBodyCfg(
                disable_gravity=False,
                enable_gyroscopic_forces=True,
                solver_position_iteration_count=8,
                solver_velocity_iteration_count=0,
                sleep_threshold=0.005,
                stabilization_threshold=0.0025,
                max_depenetration_velocity=1000.0,
            ),
        ],
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        mass_props=sim_utils.MassCfg(density=500.0),
    ),
)
"""The ball, 79 g."""


@configclass
class BallCfg(PresetCfg):
    """The ball over the palm of the hand in use."""

    nucleus = place_over_hand(BALL_CFG, RIGHT_HAND, SHADOW_HAND_PHYSX_CFG, NUCLEUS_SPAWN)
    default = place_over_hand(BALL_CFG, RIGHT_HAND, SHADOW_HAND_CFG, PALM_CENTER)


@configclass
class GoalOffsetCfg(PresetCfg):
    """The goal over the palm of the hand in use."""

    nucleus = NUCLEUS_GOAL
    default = GOAL_POSITION_OFFSET


@configclass
class ShadowHandsSceneCfg(HandsSceneCfg):
    """The hands, the ball, and a marker where the ball is wanted."""

    right_hand = hand_presets("right_hand", RIGHT_HAND)
    left_hand = hand_presets("left_hand", LEFT_HAND)
    object = BallCfg()
    goal_marker = VisualizationMarkersCfg(
        prim_path="/Visuals/goal_marker",
        markers={
            "goal": sim_utils.SphereCfg(
                radius=BALL_RADIUS, visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0))
            )
        },
    )


@configclass
class ShadowHandsEnvCfg(HandsEnvCfg):
    """A ball goes to and fro between two hands."""

    scene = ShadowHandsSceneCfg(num_envs=2048, env_spacing=1.5, replicate_physics=True)

    goal_position_offset: PresetCfg = GoalOffsetCfg()
    """The goal of every hand, in its root frame [m]."""
    success_distance_threshold: float = 0.1
    """A step counts towards the goal within this distance [m]."""
    success_steps_required: int = 20
    """Steps in sum after which a goal is reached; >= 1."""
    goal_moves: bool = True
    """Whether the next hand's goal takes the place of one that is reached; if not, the ball is to stay with the second
    hand for the rest of the episode."""
    dist_reward_scale: float = 20.0
    """Rate at which the reward 2 exp(-rate * distance) falls [1/m]."""


@configclass
class ShadowHandsCatchEnvCfg(ShadowHandsEnvCfg):
    """The goal stays with the second hand, as before Isaac Lab 3.0: throw once, catch and hold."""

    goal_moves = False
