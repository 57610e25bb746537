# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands and a ball as a decision process of cooperating agents."""

from __future__ import annotations

import torch
from typing import TYPE_CHECKING

from ddpl_isaac.tasks.hands.throw_env import ThrowEnv
from ddpl_isaac.tasks.terms import closeness

if TYPE_CHECKING:
    from .shadow_hands_env_cfg import ShadowHandsEnvCfg


class ShadowHandsEnv(ThrowEnv):
    """A ball is wanted over a palm, turned as it likes.

    The same decision process as Isaac Lab's ``Isaac-Shadow-Handover-Direct``. What episodes report is in
    :class:`~ddpl_isaac.tasks.hands.throw_env.ThrowEnv`.
    """

    cfg: ShadowHandsEnvCfg  # pyright: ignore[reportIncompatibleVariableOverride]

    def _judge(self, distance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        reward = closeness(self.cfg.dist_reward_scale * distance)
        return reward, distance < self.cfg.success_distance_threshold
