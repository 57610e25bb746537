# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Terms of the tray's task: functions of tensors alone."""

from __future__ import annotations

import torch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tray_env_cfg import ArmsTrayEnvCfg


def tray_cost(cfg: ArmsTrayEnvCfg, distance: torch.Tensor, tilt: torch.Tensor, ball: torch.Tensor) -> torch.Tensor:
    """Return what the reward 2 exp(-cost) falls with. Shape: (N,).

    Args:
        cfg: Its rates.
        distance: Way from the tray to its goal [m]. Shape: (N,).
        tilt: Tilt of the tray [rad]. Shape: (N,).
        ball: Place of the ball in the tray's frame [m]. Shape: (N, 3).
    """
    off_centre = torch.linalg.norm(ball[:, :2], dim=-1)
    return cfg.goal_reward_scale * distance + cfg.tilt_reward_scale * tilt + cfg.ball_reward_scale * off_centre


def ball_lost(position: torch.Tensor, drop: float) -> torch.Tensor:
    """Tell where the ball is no longer on the tray, or no number. Shape: (N,).

    Args:
        position: Place of the ball in the tray's frame [m]. Shape: (N, 3).
        drop: How far below the middle of the tray it is lost [m].
    """
    return (position[:, 2] <= -drop) | ~torch.isfinite(position.sum(dim=-1))
