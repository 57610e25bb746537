# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the task in which a block is thrown underarm."""

from __future__ import annotations

from isaaclab.utils import configclass

from ddpl_isaac.tasks.hands.block_env_cfg import BlockEnvCfg, block_scene
from ddpl_isaac.tasks.hands.scene_cfg import Pose

RIGHT_HAND: Pose = ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.0, -1.1, 0.5), (0.0, 0.0, 1.0, 0.0))
"""Two right hands, 1.1 m apart, face each other, palms up: 0.38 m between the places of the block."""


@configclass
class ShadowHandsCatchUnderarmEnvCfg(BlockEnvCfg):
    """A block is thrown from one palm to the other, underarm."""

    scene = block_scene(RIGHT_HAND, LEFT_HAND)
