# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands and a block that is to be caught as it is wanted."""

from __future__ import annotations

import torch
from typing import TYPE_CHECKING

from isaaclab.utils.math import sample_uniform

from ddpl_isaac.tasks.terms import about_vertical, angle_between, closeness

from .throw_env import ThrowEnv

if TYPE_CHECKING:
    from .block_env_cfg import BlockEnvCfg


class BlockEnv(ThrowEnv):
    """A block lies in the first hand and is wanted over the palm of the second one, turned about the vertical."""

    cfg: BlockEnvCfg  # pyright: ignore[reportIncompatibleVariableOverride]

    def _judge(self, distance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        cfg = self.cfg
        angle = angle_between(self._object_pose[:, 3:], self._goal_rot)
        self.extras.setdefault("log", {})["Metrics/goal_angle"] = angle.mean()
        at_goal = (distance < cfg.success_distance_threshold) & (angle < cfg.success_angle_threshold)
        return closeness(cfg.dist_reward_scale * distance + cfg.angle_reward_scale * angle), at_goal

    def _goal_rotation(self, count: int) -> torch.Tensor:
        return self._turn(count, self.cfg.goal_turn)

    def _object_rotation(self, count: int) -> torch.Tensor:
        return self._turn(count, self.cfg.reset_turn_noise)

    def _turn(self, count: int, limit: float) -> torch.Tensor:
        """Draw turns about the vertical by up to an angle [rad]. Shape: (count, 4)."""
        return about_vertical(sample_uniform(-limit, limit, (count,), self.device))
