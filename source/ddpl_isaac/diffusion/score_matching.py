# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Importance-weighted denoising score matching (METHOD 2.1).

Shapes: A agents, B states, M candidates, D action dimensions.
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
    candidates_ABMD: torch.Tensor,
    weights_ABM: torch.Tensor,
    schedule: Schedule,
    step_ABM: torch.Tensor,
    noise_ABMD: torch.Tensor,
    action_mask_AD: torch.Tensor,
    loss_clip: float = float("inf"),
) -> torch.Tensor:
    """Weighted noise-prediction error of every agent (METHOD 2.1).

    No gradient flows into candidates or weights. The squared error is clipped per dimension, so that one candidate of
    an untrained network cannot move it far.

    Args:
        predict_noise: Model ``(x, step) -> eps`` for shapes (A, B, M, D) and (A, B, M).
        candidates_ABMD: Clean actions drawn from the proposal.
        weights_ABM: Weights that sum to 1 over M.
        schedule: Coefficients of the chain.
        step_ABM: h - 1, uniform on 0..H-1, fresh for each candidate.
        noise_ABMD: Standard normal noise, fresh for each candidate.
        action_mask_AD: 1 for the agent's own action dimensions, 0 for padding.
        loss_clip: Bound of the squared error per dimension.

    Returns:
        Mean loss over states. Shape: (A,).
    """
    noisy_ABMD = diffuse(candidates_ABMD.detach(), step_ABM, noise_ABMD, schedule)
    error_ABMD = (predict_noise(noisy_ABMD, step_ABM) - noise_ABMD).square().clamp(max=loss_clip)
    error_ABM = (error_ABMD * action_mask_AD[:, None, None, :]).sum(-1)
    return (weights_ABM.detach() * error_ABM).sum(-1).mean(-1)
