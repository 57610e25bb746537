# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the tasks in which a block is thrown and caught."""

from __future__ import annotations

import math
from functools import partial

import isaaclab.sim as sim_utils
from isaaclab.utils import configclass

from .scene_cfg import HandsSceneCfg, Pose
from .throw_env_cfg import ThrowEnvCfg
from .throw_scene import throw_scene


def block_scene(right_hand: Pose, left_hand: Pose) -> HandsSceneCfg:
    """Return a block of 76 g over the palm of the first of two hands, its long side along the fingers."""
    block = partial(sim_utils.CuboidCfg, size=(0.045, 0.075, 0.045))  # [m]
    return throw_scene(block, (0.9, 0.45, 0.1), right_hand, left_hand)


@configclass
class BlockEnvCfg(ThrowEnvCfg):
    """The goal stays with the second hand; how the block is turned counts beside where it is."""

    object_name = "block"
    goal_moves = False
    dist_reward_scale: float = 10.0
    """Rate at which the reward 2 exp(-rate * distance - rate' * angle) falls with the distance [1/m].

    This rate and the next are those of the catching tasks of Bi-DexHands (Chen et al., NeurIPS 2022), which pay
    exp(-0.2 (50 * distance + angle)).
    """
    angle_reward_scale: float = 0.2
    """Rate' at which it falls with the turn that is left [1/rad]."""
    success_angle_threshold: float = 0.5
    """A step counts towards the goal only within this turn of it [rad]."""
    reset_turn_noise: float = 0.2
    """The block starts turned about the vertical by up to this [rad]."""
    goal_turn: float = math.pi / 4
    """The goal is turned about the vertical by up to this [rad]."""
