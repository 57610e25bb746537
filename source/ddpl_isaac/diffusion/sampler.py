# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain: model, schedule and noise are arguments, so that it is exact, testable and exportable.

Shapes: A agents, R rows (states times candidates), D action dimensions, H denoising steps.
"""

from __future__ import annotations

import torch
from collections.abc import Callable, Sequence

from ddpl_isaac.diffusion.schedule import Schedule


def denoise_step(
    predict_noise: Callable[..., torch.Tensor],
    x_ARD: torch.Tensor,
    conditioning: tuple[torch.Tensor, ...],
    coefficients: Schedule,
    noise_ARD: torch.Tensor,
) -> torch.Tensor:
    """Take one ancestral step from x_h to x_{h-1} (Ho et al. 2020, eq. 7; METHOD 2.5).

    The clean action that the model implies is clipped to the box before the mean is formed: the box is where
    actions live, and the clip keeps an imperfect network from leaving it at high noise.

    Args:
        predict_noise: Model ``(x, *conditioning) -> eps``.
        x_ARD: Actions at noise level h.
        conditioning: What the model needs besides, among it the step's time embedding.
        coefficients: Coefficients of this step.
        noise_ARD: Standard normal noise.
    """
    eps_ARD = predict_noise(x_ARD, *conditioning)
    clean_ARD = ((x_ARD - coefficients.noise * eps_ARD) / coefficients.signal).clamp(-1.0, 1.0)
    return coefficients.mean_clean * clean_ARD + coefficients.mean_noisy * x_ARD + coefficients.std * noise_ARD


def ddpm_sample(
    predict_noise: Callable[..., torch.Tensor],
    schedule: Schedule,
    noise_HARD: torch.Tensor,
    conditioning: Sequence[tuple[torch.Tensor, ...]],
    step_function: Callable[..., torch.Tensor] = denoise_step,
) -> torch.Tensor:
    """Turn noise into actions in ``[-1, 1]`` by the whole chain.

    Args:
        predict_noise: Model ``(x, *conditioning[h - 1]) -> eps``.
        schedule: Coefficients of the chain.
        noise_HARD: Standard normal noise; row 0 is x_H, row k is added after the k-th step. Shape: (H, A, R, D). The
            last step adds none.
        conditioning: For each h - 1 what the model needs besides x.
        step_function: :func:`denoise_step` or its compiled form.

    Returns:
        Actions. Shape: (A, R, D).
    """
    num_steps = schedule.num_steps
    x_ARD = noise_HARD[0]
    coefficients = schedule.steps()
    for k in range(1, num_steps + 1):
        # the std of the last step is 0: any row of noise serves
        step = num_steps - k
        x_ARD = step_function(predict_noise, x_ARD, conditioning[step], coefficients[step], noise_HARD[k % num_steps])
    return x_ARD.clamp(-1.0, 1.0)
