# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the handover task. Every figure of the decision process is that of ``Isaac-Shadow-Handover-Direct``."""

from __future__ import annotations

import isaaclab.sim as sim_utils
from isaaclab.assets import RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.utils import configclass

from ddpl_isaac.tasks.hands.scene_cfg import OBJECT_PROPS, HandsSceneCfg, Pose, hand_presets, object_presets
from ddpl_isaac.tasks.hands.throw_env_cfg import ThrowEnvCfg

BALL_RADIUS = 0.0335
"""[m]"""

RIGHT_HAND: Pose = ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.0, -1.0, 0.5), (0.0, 0.0, 1.0, 0.0))
"""Two right hands, a metre apart, face each other."""

BALL_CFG = RigidObjectCfg(
    prim_path="{ENV_REGEX_NS}/object",
    spawn=sim_utils.SphereCfg(
        radius=BALL_RADIUS,
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.8, 1.0, 0.0)),
        physics_material=sim_utils.RigidBodyMaterialCfg(static_friction=0.7),
        rigid_props=OBJECT_PROPS,
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        mass_props=sim_utils.MassCfg(density=500.0),
    ),
)
"""The ball, 79 g."""


@configclass
class ShadowHandsSceneCfg(HandsSceneCfg):
    """The hands, the ball, and a marker where the ball is wanted."""

    right_hand = hand_presets("right_hand", RIGHT_HAND)
    left_hand = hand_presets("left_hand", LEFT_HAND)
    object = object_presets(BALL_CFG, RIGHT_HAND)
    goal_marker = VisualizationMarkersCfg(
        prim_path="/Visuals/goal_marker",
        markers={
            "goal": sim_utils.SphereCfg(
                radius=BALL_RADIUS, visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0))
            )
        },
    )


@configclass
class ShadowHandsEnvCfg(ThrowEnvCfg):
    """A ball goes to and fro between two hands."""

    scene = ShadowHandsSceneCfg(num_envs=2048, env_spacing=1.5, replicate_physics=True)

    dist_reward_scale: float = 20.0
    """Rate at which the reward 2 exp(-rate * distance) falls [1/m]."""


@configclass
class ShadowHandsCatchEnvCfg(ShadowHandsEnvCfg):
    """The goal stays with the second hand, as before Isaac Lab 3.0: throw once, catch and hold."""

    goal_moves = False
