# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the task in which a block is thrown to a hand alongside."""

from __future__ import annotations

from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass

from ddpl_isaac.tasks.engines import contact_simulation
from ddpl_isaac.tasks.hands.block_env_cfg import BlockEnvCfg, block_scene
from ddpl_isaac.tasks.hands.hands_env_cfg import DECIMATION
from ddpl_isaac.tasks.hands.scene_cfg import Pose

RIGHT_HAND: Pose = ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.25, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0))
"""Two right hands side by side, palms up, fingers the same way; the second one is on the side of the little finger."""


@configclass
class ShadowHandsCatchAbreastEnvCfg(BlockEnvCfg):
    """A block is thrown sideways from one palm to the next."""

    scene = block_scene(RIGHT_HAND, LEFT_HAND)
    sim: SimulationCfg = contact_simulation(DECIMATION, eye=(0.125, -1.5, 1.1), lookat=(0.125, -0.3, 0.5))
