# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain: model, schedule and noise are arguments, so that it is exact, testable and exportable.

Shapes: A agents, R rows (states times candidates), D action dimensions, H denoising steps.
"""

from __future__ import annotations

import torch
from collections.abc import Callable, Sequence
from typing import Any

from ddpl_isaac.diffusion.schedule import Schedule


def denoise_step(
    predict_noise: Callable[..., torch.Tensor],
    x_ARD: torch.Tensor,
    conditioning: tuple[torch.Tensor, ...],
    coefficients: Schedule,
    noise_ARD: torch.Tensor,
    previous_ARD: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take one step from x_h to x_{h-1} (Ho et al. 2020, eq. 7; docs/method.md §4).

    The clean action that the model implies is clipped to the box before the mean is formed: the box is where
    actions live, and the clip keeps an imperfect network from leaving it at high noise. A schedule of second order
    continues the way that the clean action went in the step before (Lu et al. 2022, SDE-DPM-Solver++(2M)).

    Args:
        predict_noise: Model ``(x, *conditioning) -> eps``.
        x_ARD: Actions at noise level h.
        conditioning: What the model needs besides, among it the step's time embedding.
        coefficients: Coefficients of this step.
        noise_ARD: Standard normal noise.
        previous_ARD: Clean action that the step before implied.

    Returns:
        x_{h-1}, and the clean action that this step implied.
    """
    eps_ARD = predict_noise(x_ARD, *conditioning)
    clean_ARD = ((x_ARD - coefficients.noise * eps_ARD) / coefficients.signal).clamp(-1.0, 1.0)
    ahead_ARD = (clean_ARD + coefficients.extrapolation * (clean_ARD - previous_ARD)).clamp(-1.0, 1.0)
    x_ARD = coefficients.mean_clean * ahead_ARD + coefficients.mean_noisy * x_ARD + coefficients.std * noise_ARD
    return x_ARD, clean_ARD


def ddpm_sample(
    predict_noise: Callable[..., torch.Tensor],
    schedule: Schedule,
    noise_HARD: torch.Tensor,
    conditioning: Sequence[tuple[Any, ...]],
    step_function: Callable[..., tuple[torch.Tensor, torch.Tensor]] = denoise_step,
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
    # the first step has nothing to extrapolate from and does not
    x_ARD = clean_ARD = noise_HARD[0]
    coefficients = schedule.steps()
    for k in range(1, num_steps + 1):
        # the std of the last step is 0: any row of noise serves
        step = num_steps - k
        arguments = x_ARD, conditioning[step], coefficients[step], noise_HARD[k % num_steps], clean_ARD
        x_ARD, clean_ARD = step_function(predict_noise, *arguments)
    return x_ARD.clamp(-1.0, 1.0)
