# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Noise schedules of the denoising chain (METHOD 2.5)."""

from __future__ import annotations

import math
import torch
from typing import NamedTuple

SCHEDULES = ("cosine",)
VARIANCES = ("beta", "posterior")


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

    @property
    def num_steps(self) -> int:
        """Number of denoising steps H."""
        return self.signal.shape[0]

    def steps(self) -> list[Schedule]:
        """Split the chain into its steps, as views; no coefficient leaves the device."""
        return [Schedule(*step) for step in zip(*(coefficient.unbind() for coefficient in self), strict=True)]


def make_schedule(
    num_steps: int, schedule: str = "cosine", variance: str = "beta", device: torch.device | str = "cpu"
) -> Schedule:
    """Build the cosine schedule of Nichol and Dhariwal (2021) with ancestral coefficients of Ho et al. (2020).

    Args:
        num_steps: Denoising steps H, at least 1.
        schedule: One of :data:`SCHEDULES`.
        variance: ``beta``, the upper bound, which fits better at small H, or ``posterior``, the lower bound.
        device: Device of the coefficients.

    Raises:
        ValueError: If an argument is out of range.
    """
    if num_steps < 1:
        raise ValueError(f"The sampler needs at least one denoising step, got {num_steps}.")
    if schedule not in SCHEDULES or variance not in VARIANCES:
        raise ValueError(f"Unknown schedule '{schedule}' or variance '{variance}': choose of {SCHEDULES}, {VARIANCES}.")
    # float64: abar spans five orders of magnitude, and the coefficients are differences of it
    offset = 0.008
    time = torch.linspace(0.0, 1.0, num_steps + 1, dtype=torch.float64)
    abar = torch.cos((time + offset) / (1.0 + offset) * math.pi / 2.0).square()
    beta = (1.0 - abar[1:] / abar[:-1]).clamp(max=0.999)
    abar = torch.cumprod(1.0 - beta, dim=0)
    previous = torch.cat((torch.ones(1, dtype=torch.float64), abar[:-1]))
    sigma_squared = beta if variance == "beta" else beta * (1.0 - previous) / (1.0 - abar)
    std = sigma_squared.sqrt()
    std[0] = 0.0
    coefficients = (
        abar.sqrt(),
        (1.0 - abar).sqrt(),
        previous.sqrt() * beta / (1.0 - abar),
        (1.0 - beta).sqrt() * (1.0 - previous) / (1.0 - abar),
        std,
    )
    return Schedule(*(coefficient.to(device=device, dtype=torch.float32) for coefficient in coefficients))
