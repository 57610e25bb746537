# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two hands, an object that is thrown, and a marker where it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import isaaclab.sim as sim_utils
from isaaclab.assets import RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg

from ddpl_isaac.tasks.engines import OBJECT_PROPS

from .scene_cfg import HandsSceneCfg, Pose, hand_presets, object_presets

Color = tuple[float, float, float]

_GOAL_COLOR: Color = (0.4, 0.3, 1.0)


def throw_scene(
    shape: Callable[..., sim_utils.ShapeCfg], color: Color, right_hand: Pose, left_hand: Pose
) -> HandsSceneCfg:
    """Return an object over the palm of the first of two hands, and a marker of its shape.

    Args:
        shape: Makes the shape of a size of its own, such as ``partial(SphereCfg, radius=0.03)``.
        color: Red, green and blue of the object.
        right_hand: Place of the hand that throws first.
        left_hand: Place of the other one.
    """
    thing = shape(
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=color),
        physics_material=sim_utils.RigidBodyMaterialCfg(static_friction=0.7),
        rigid_props=OBJECT_PROPS,
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        mass_props=sim_utils.MassCfg(density=500.0),
    )
    goal = shape(visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=_GOAL_COLOR))
    places: dict[str, Any] = {
        "right_hand": hand_presets("right_hand", right_hand),
        "left_hand": hand_presets("left_hand", left_hand),
        "object": object_presets(RigidObjectCfg(prim_path="{ENV_REGEX_NS}/object", spawn=thing), right_hand),
        "goal_marker": VisualizationMarkersCfg(prim_path="/Visuals/goal_marker", markers={"goal": goal}),
    }
    return HandsSceneCfg(num_envs=2048, env_spacing=1.5, replicate_physics=True, **places)
