# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the tasks in which a block is thrown and caught."""

from __future__ import annotations

import math

import isaaclab.sim as sim_utils
from isaaclab.assets import RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.utils import configclass

from .scene_cfg import OBJECT_PROPS, HandsSceneCfg, Pose, hand_presets, object_presets
from .throw_env_cfg import ThrowEnvCfg

BLOCK_SIZE = (0.045, 0.075, 0.045)
"""The long side lies along the fingers [m]."""

BLOCK_CFG = RigidObjectCfg(
    prim_path="{ENV_REGEX_NS}/object",
    spawn=sim_utils.CuboidCfg(
        size=BLOCK_SIZE,
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.9, 0.45, 0.1)),
        physics_material=sim_utils.RigidBodyMaterialCfg(static_friction=0.7),
        rigid_props=OBJECT_PROPS,
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        mass_props=sim_utils.MassCfg(density=500.0),
    ),
)
"""The block, 76 g."""


def block_scene(right_hand: Pose, left_hand: Pose) -> HandsSceneCfg:
    """Return a block over the palm of the first of two hands, and a marker where it is wanted."""
    return HandsSceneCfg(
        num_envs=2048,
        env_spacing=1.5,
        replicate_physics=True,
        right_hand=hand_presets("right_hand", right_hand),
        left_hand=hand_presets("left_hand", left_hand),
        object=object_presets(BLOCK_CFG, right_hand),
        goal_marker=VisualizationMarkersCfg(
            prim_path="/Visuals/goal_marker",
            markers={
                "goal": sim_utils.CuboidCfg(
                    size=BLOCK_SIZE, visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0))
                )
            },
        ),
    )


@configclass
class BlockEnvCfg(ThrowEnvCfg):
    """The goal stays with the second hand; how the block is turned counts beside where it is."""

    object_name = "block"
    goal_moves = False
    dist_reward_scale: float = 20.0
    """Rate at which the reward 2 exp(-rate * distance - rate' * angle) falls with the distance [1/m]."""
    angle_reward_scale: float = 0.5
    """Rate' at which it falls with the turn that is left [1/rad]."""
    success_angle_threshold: float = 0.5
    """A step counts towards the goal only within this turn of it [rad]."""
    reset_turn_noise: float = 0.2
    """The block starts turned about the vertical by up to this [rad]."""
    goal_turn: float = math.pi / 4
    """The goal is turned about the vertical by up to this [rad]."""
