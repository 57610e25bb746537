# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the handover task. Every figure of the decision process is that of ``Isaac-Shadow-Handover-Direct``."""

from __future__ import annotations

from functools import partial

import isaaclab.sim as sim_utils
from isaaclab.utils import configclass

from ddpl_isaac.tasks.hands.scene_cfg import Pose
from ddpl_isaac.tasks.hands.throw_env_cfg import ThrowEnvCfg
from ddpl_isaac.tasks.hands.throw_scene import throw_scene

BALL = partial(sim_utils.SphereCfg, radius=0.0335)
"""The ball, 79 g; its radius in metres."""

RIGHT_HAND: Pose = ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.0, -1.0, 0.5), (0.0, 0.0, 1.0, 0.0))
"""Two right hands, a metre apart, face each other."""


@configclass
class ShadowHandsEnvCfg(ThrowEnvCfg):
    """A ball goes to and fro between two hands."""

    scene = throw_scene(BALL, (0.8, 1.0, 0.0), RIGHT_HAND, LEFT_HAND)

    dist_reward_scale: float = 20.0
    """Rate at which the reward 2 exp(-rate * distance) falls [1/m]."""


@configclass
class ShadowHandsCatchEnvCfg(ShadowHandsEnvCfg):
    """The goal stays with the second hand, as before Isaac Lab 3.0: throw once, catch and hold."""

    goal_moves = False
