# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Noise schedules of the denoising chain (docs/method.md §4)."""

from __future__ import annotations

import math
import torch
from typing import NamedTuple

_RATIO_MAX = 5.0
"""Noise over signal of x_H: actions of the box are drowned in it, and more would be steps spent on pure noise."""

_RATIO_MIN = 0.2
"""Noise over signal of x_1, times H: the finer the chain, the narrower the modes that it can afford to resolve."""


class Schedule(NamedTuple):
    """Coefficients of the chain x_H -> ... -> x_0; entry h - 1 belongs to the step from x_h to x_{h-1}.

    Shape of each: (H,) for the whole chain, () for one step of it.
    """

    signal: torch.Tensor
    """sqrt(abar_h): share of the clean action in x_h."""

    noise: torch.Tensor
    """sqrt(1 - abar_h): share of the noise in x_h."""

    mean_clean: torch.Tensor
    """Weight of the predicted clean action in the mean of x_{h-1}."""

    mean_noisy: torch.Tensor
    """Weight of x_h in the mean of x_{h-1}."""

    std: torch.Tensor
    """Standard deviation of the step; 0 for the last one."""

    extrapolation: torch.Tensor
    """How far the clean action goes on in the direction it went in the step before; 0 for the first and last one."""

    @property
    def num_steps(self) -> int:
        """Number of denoising steps H."""
        return self.signal.shape[0]

    def steps(self) -> list[Schedule]:
        """Split the chain into its steps, as views; no coefficient leaves the device."""
        return [Schedule(*step) for step in zip(*(coefficient.unbind() for coefficient in self), strict=True)]


def make_schedule(
    num_steps: int, schedule: str = "geometric", variance: str = "second_order", device: torch.device | str = "cpu"
) -> Schedule:
    """Build the levels of a schedule with ancestral coefficients of Ho et al. (2020).

    Args:
        num_steps: Denoising steps H, at least 1.
        schedule: ``geometric``, whose ratio of noise to signal falls by the same factor in every step (Song and Ermon
            2019), from 5 to 1 / (5 H); or ``cosine`` (Nichol and Dhariwal 2021).
        variance: ``second_order``, the lower bound with the clean action extrapolated from two steps (Lu et al. 2022,
            SDE-DPM-Solver++(2M)); ``posterior``, the lower bound alone; or ``beta``, the upper bound.
        device: Device of the coefficients.

    Raises:
        ValueError: If there is no step.
        KeyError: If there is no such schedule or variance.
    """
    if num_steps < 1:
        raise ValueError(f"The sampler needs at least one denoising step, got {num_steps}.")
    # float64: abar spans five orders of magnitude, and the coefficients are differences of it
    abar = {"geometric": _geometric, "cosine": _cosine}[schedule](num_steps)
    previous = torch.cat((torch.ones(1, dtype=torch.float64), abar[:-1]))
    beta = 1.0 - abar / previous
    lower = beta * (1.0 - previous) / (1.0 - abar)
    sigma_squared = {"second_order": lower, "posterior": lower, "beta": beta}[variance]
    std = sigma_squared.sqrt()
    std[0] = 0.0
    extrapolation = torch.zeros_like(std)
    if variance == "second_order" and num_steps > 2:
        half_log_snr = 0.5 * (abar.log() - (1.0 - abar).log())
        made = half_log_snr.diff().neg()  # progress of the step from each level, but the lowest, to the one below
        extrapolation[1:-1] = 0.5 * made[:-1] / made[1:]
    coefficients = (
        abar.sqrt(),
        (1.0 - abar).sqrt(),
        previous.sqrt() * beta / (1.0 - abar),
        (1.0 - beta).sqrt() * (1.0 - previous) / (1.0 - abar),
        std,
        extrapolation,
    )
    return Schedule(*(coefficient.to(device=device, dtype=torch.float32) for coefficient in coefficients))


def _geometric(num_steps: int) -> torch.Tensor:
    """Return abar_1..abar_H of ratios sqrt(1 - abar) / sqrt(abar) in geometric progression. Shape: (H,)."""
    progress = torch.linspace(0.0, 1.0, num_steps, dtype=torch.float64).flip(0)
    ratio = _RATIO_MAX * (_RATIO_MIN / num_steps / _RATIO_MAX) ** progress
    return 1.0 / (1.0 + ratio.square())


def _cosine(num_steps: int) -> torch.Tensor:
    """Return abar_1..abar_H of Nichol and Dhariwal (2021), whose last beta is clipped. Shape: (H,)."""
    offset = 0.008
    time = torch.linspace(0.0, 1.0, num_steps + 1, dtype=torch.float64)
    abar = torch.cos((time + offset) / (1.0 + offset) * math.pi / 2.0).square()
    return torch.cumprod(1.0 - (1.0 - abar[1:] / abar[:-1]).clamp(max=0.999), dim=0)
