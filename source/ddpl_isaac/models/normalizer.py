# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Running mean and deviation of observations: one implementation for acting, learning and export."""

from __future__ import annotations

import torch
from torch import nn

from ddpl_isaac.config import AlgorithmConfig

_UNBOUNDED = torch.finfo(torch.float32).max


class RunningNormalizer(nn.Module):
    """Normalises by the mean and standard deviation of all rows seen, and clips. Nothing waits for the device.

    A column that never varied is clipped to 0: its deviation is unknown, so whatever it says later would mean nothing.
    """

    count: torch.Tensor
    """Rows seen. Shape: ()."""

    _mean: torch.Tensor
    _var: torch.Tensor
    _std: torch.Tensor

    def __init__(self, shape: tuple[int, ...], eps: float = 1e-2, clip: float = _UNBOUNDED) -> None:
        """Begin with mean 0 and variance 1.

        Args:
            shape: Shape of a row.
            eps: Added to the standard deviation.
            clip: Largest magnitude of a normalised number.
        """
        super().__init__()
        self.eps, self.clip = eps, clip
        # moments of double precision: after many rows, what a batch adds is below the resolution of float32
        self.register_buffer("_mean", torch.zeros(1, *shape, dtype=torch.float64))
        self.register_buffer("_var", torch.ones(1, *shape, dtype=torch.float64))
        self.register_buffer("_std", torch.ones(1, *shape))
        self.register_buffer("count", torch.tensor(0, dtype=torch.long))

    @property
    def mean(self) -> torch.Tensor:
        """Running mean. Shape: that of a row."""
        return self._mean.squeeze(0).float()

    @property
    def std(self) -> torch.Tensor:
        """Running standard deviation. Shape: that of a row."""
        return self._std.squeeze(0).clone()

    @property
    def constant(self) -> torch.Tensor:
        """Columns that never varied by more than what float32 resolves. Shape: that of a row, bool."""
        return self.std <= 1e-6 * self.mean.abs()

    @property
    def bound(self) -> torch.Tensor:
        """Largest magnitude of each normalised column: ``clip``, or 0 if it never varied. Shape: that of a row."""
        return torch.where(self.constant, 0.0, self.clip)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise rows. Shape: (B, *row)."""
        return normalize(x, self.mean, self.std + self.eps, self.bound)

    @torch.no_grad()
    def update(self, x: torch.Tensor) -> None:
        """Take rows into account, those of all ranks, while training. Shape: (B, *row)."""
        if not self.training:
            return
        # relative to the first row, so that a column that does not vary has a variance of exactly 0
        variance, mean = torch.var_mean(x - x[:1], dim=0, correction=0, keepdim=True)
        self._merge(x.shape[0], x[:1].double() + mean.double(), variance.double())

    def _merge(self, rows: int, mean: torch.Tensor, variance: torch.Tensor) -> None:
        """Merge the moments of a batch into those of all rows before (Chan, Golub, LeVeque 1983)."""
        number = torch.full((), rows, dtype=torch.long, device=mean.device)
        if torch.distributed.is_initialized():
            local_mean, mean = mean, mean * rows
            torch.distributed.all_reduce(number)
            torch.distributed.all_reduce(mean)
            mean = mean / number
            variance = rows * (variance + (local_mean - mean).square())
            torch.distributed.all_reduce(variance)
            variance = variance / number
        self.count += number
        share = number.double() / self.count
        delta = mean - self._mean
        self._mean += share * delta
        self._var += share * (variance - self._var + delta * (mean - self._mean))
        self._std.copy_(self._var.sqrt())


def normalize(x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, bound: torch.Tensor) -> torch.Tensor:
    """Return (x - mean) / std within [-bound, bound]; what is no number stays none."""
    return torch.maximum(torch.minimum((x - mean) / std, bound), -bound)


def make_normalizer(shape: tuple[int, ...], cfg: AlgorithmConfig, device: str) -> nn.Module:
    """Create a normaliser of observations or states, or none if the settings want none."""
    return RunningNormalizer(shape, clip=cfg.clip_obs).to(device) if cfg.normalize_obs else nn.Identity()


def normalizer_constants(normalizer: nn.Module) -> dict[str, torch.Tensor]:
    """Return the arguments ``mean``, ``std`` and ``bound`` of :func:`normalize` for a trained normaliser.

    Without a normaliser they are 0, 1 and the largest number. Shape of each: that of a row, or () without one.
    """
    if not isinstance(normalizer, RunningNormalizer):
        return {"mean": torch.zeros(()), "std": torch.ones(()), "bound": torch.tensor(_UNBOUNDED)}
    return {"mean": normalizer.mean, "std": normalizer.std + normalizer.eps, "bound": normalizer.bound}
