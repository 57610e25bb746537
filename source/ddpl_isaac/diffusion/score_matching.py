# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Denoising score matching (docs/method.md §2); the importance weights have been spent on drawing the actions.

Shapes: A agents, B states, K actions drawn from the candidates, D action dimensions.
"""

from __future__ import annotations

import torch
from collections.abc import Callable

from ddpl_isaac.diffusion.schedule import Schedule


def diffuse(clean: torch.Tensor, step: torch.Tensor, noise: torch.Tensor, schedule: Schedule) -> torch.Tensor:
    """Draw x_h given the clean action: sqrt(abar_h) a + sqrt(1 - abar_h) eps (Ho et al. 2020, eq. 4).

    Args:
        clean: Clean actions. Shape: (..., D).
        step: h - 1 of each action. Shape: (...).
        noise: Standard normal noise. Shape: (..., D).
        schedule: Coefficients of the chain.
    """
    return schedule.signal[step][..., None] * clean + schedule.noise[step][..., None] * noise


def score_matching_loss(
    predict_noise: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    action_ABKD: torch.Tensor,
    schedule: Schedule,
    step_ABK: torch.Tensor,
    noise_ABKD: torch.Tensor,
    action_mask_AD: torch.Tensor,
    loss_clip: float = float("inf"),
) -> torch.Tensor:
    """Noise-prediction error of every agent in every state (docs/method.md §2).

    No gradient flows into the actions. The squared error is clipped per dimension, so that one action cannot
    move an untrained network far.

    Args:
        predict_noise: Model ``(x, step) -> eps`` for shapes (A, B, K, D) and (A, B, K).
        action_ABKD: Clean actions of the target, each of the same weight.
        schedule: Coefficients of the chain.
        step_ABK: h - 1, uniform on 0..H-1, fresh for each action.
        noise_ABKD: Standard normal noise, fresh for each action.
        action_mask_AD: 1 for the agent's own action dimensions, 0 for padding.
        loss_clip: Bound of the squared error per dimension.

    Returns:
        Mean loss over actions. Shape: (A, B).
    """
    noisy_ABKD = diffuse(action_ABKD.detach(), step_ABK, noise_ABKD, schedule)
    error_ABKD = (predict_noise(noisy_ABKD, step_ABK) - noise_ABKD).square().clamp(max=loss_clip)
    return (error_ABKD * action_mask_AD[:, None, None, :]).sum(-1).mean(-1)
