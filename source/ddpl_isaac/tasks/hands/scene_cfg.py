# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Hands and objects of the hands' tasks."""

from __future__ import annotations

import torch

from isaaclab.assets import ArticulationCfg, AssetBaseCfg, RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.utils import configclass, replace
from isaaclab.utils.math import quat_apply, quat_mul
from isaaclab_assets.robots.shadow_hand import SHADOW_HAND_NEWTON_CFG, SHADOW_HAND_PHYSX_CFG
from isaaclab_tasks.utils import PresetCfg

from ddpl_isaac.assets.shadow_hand import GOAL_POSITION_OFFSET, PALM_CENTER, SHADOW_HAND_CFG
from ddpl_isaac.tasks.common import GROUND_CFG, LIGHT_CFG

Vector = tuple[float, float, float]

NUCLEUS_SPAWN: Vector = (0.39, 0.0, 0.04)
"""Where an object is let go over NVIDIA's hand, in its root frame [m]."""

NUCLEUS_GOAL: Vector = (0.36, 0.0, 0.04)
"""Where an object is wanted over NVIDIA's hand, in its root frame [m]."""

Pose = tuple[Vector, tuple[float, float, float, float]]
"""Position [m] and turn (x, y, z, w) of a hand."""


def _turned(pose: Pose, hand: ArticulationCfg) -> tuple[float, float, float, float]:
    """Return the orientation of a hand: its own default one, turned as the task wants it."""
    turn = torch.tensor(pose[1], dtype=torch.float64)
    return tuple(quat_mul(turn, torch.tensor(hand.init_state.rot, dtype=torch.float64)).tolist())


def placed_hand(name: str, pose: Pose, hand: ArticulationCfg) -> ArticulationCfg:
    """Return ``hand`` at its place."""
    state = replace(hand.init_state, pos=pose[0], rot=_turned(pose, hand))
    return replace(hand, prim_path=f"{{ENV_REGEX_NS}}/{name}", init_state=state)


def _over_hand(thing: RigidObjectCfg, pose: Pose, hand: ArticulationCfg, offset: Vector) -> RigidObjectCfg:
    """Return an object at ``offset`` in the root frame of a hand [m]."""
    turn, origin = (torch.tensor(value, dtype=torch.float64) for value in (_turned(pose, hand), pose[0]))
    position = origin + quat_apply(turn, torch.tensor(offset, dtype=torch.float64))
    return replace(thing, init_state=RigidObjectCfg.InitialStateCfg(pos=tuple(position.tolist())))


def hand_presets(name: str, pose: Pose) -> PresetCfg:
    """Return our hand for every engine, or with ``presets=nucleus`` NVIDIA's, which differs between engines."""

    @configclass
    class NucleusHandCfg(PresetCfg):
        newton_mjwarp = placed_hand(name, pose, SHADOW_HAND_NEWTON_CFG)
        default = placed_hand(name, pose, SHADOW_HAND_PHYSX_CFG)

    @configclass
    class HandCfg(PresetCfg):
        nucleus = NucleusHandCfg()
        default = placed_hand(name, pose, SHADOW_HAND_CFG)

    return HandCfg()


def object_presets(thing: RigidObjectCfg, pose: Pose) -> PresetCfg:
    """Return an object over the palm of a hand, of ours or of NVIDIA's."""

    @configclass
    class ObjectCfg(PresetCfg):
        nucleus = _over_hand(thing, pose, SHADOW_HAND_PHYSX_CFG, NUCLEUS_SPAWN)
        default = _over_hand(thing, pose, SHADOW_HAND_CFG, PALM_CENTER)

    return ObjectCfg()


@configclass
class GoalOffsetCfg(PresetCfg):
    """The goal over the palm of the hand in use."""

    nucleus = NUCLEUS_GOAL
    default = GOAL_POSITION_OFFSET


@configclass
class HandsSceneCfg(InteractiveSceneCfg):
    """Floor and sky; a task adds its hands by their names, ``object`` and ``goal_marker``."""

    class_type = "ddpl_isaac.tasks.held_targets_scene:HeldTargetsScene"
    ground: AssetBaseCfg = GROUND_CFG
    right_hand: ArticulationCfg | PresetCfg | None = None
    left_hand: ArticulationCfg | PresetCfg | None = None
    object: RigidObjectCfg | PresetCfg | None = None
    goal_marker: VisualizationMarkersCfg | None = None
    light: AssetBaseCfg = LIGHT_CFG
