# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising networks of all agents: eps(x_h, h, o) (docs/method.md §4, §5).

Shapes: A agents, R rows, O observation, D action, W first hidden width, H denoising steps.
"""

from __future__ import annotations

import math
import torch
from torch import nn
from typing import NamedTuple

from ddpl_isaac.config import ActorConfig
from ddpl_isaac.diffusion.schedule import Schedule
from ddpl_isaac.models.fourier_features import FourierFeatures
from ddpl_isaac.models.gaussian_actor import LOG_STD_MAX, LOG_STD_MIN
from ddpl_isaac.models.observation_encoder import ObservationEncoder
from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP


class EncodedObservation(NamedTuple):
    """What the networks make of an observation, once per state."""

    hidden: torch.Tensor
    """Contribution to the first layer. Shape: (A, R, W)."""

    mean: torch.Tensor
    """Mean of the Gaussian around which the policy is built. Shape: (A, R, D)."""

    std: torch.Tensor
    """Its standard deviation. Shape: (A, R, D)."""


class Denoiser(nn.Module):
    """Predicts the noise in the action of every agent from that agent's observation alone.

    It is a Gaussian policy N(m(o), s(o)^2), whose noise prediction is known in closed form, plus a network for what the
    Gaussian leaves. So it fits a mean as fast as a Gaussian policy does, and the network has only to learn other modes
    and shapes.

    The first layer is the sum of three parts, so that each is computed as rarely as it can be: the observation once per
    state, the time once per denoising step, the noisy action once per candidate and step.
    """

    _mask: torch.Tensor
    _time: torch.Tensor

    def __init__(self, obs_dim: int, action_mask_AD: torch.Tensor, schedule: Schedule, cfg: ActorConfig) -> None:
        """Create the networks.

        The last layers start at zero, so that the first policy is N(0, initial_std^2) whatever it sees.
        """
        super().__init__()
        num_agents, self.action_dim = action_mask_AD.shape
        width = cfg.hidden_dims[0]
        self.obs_encoder = ObservationEncoder(num_agents, obs_dim, cfg.observation_dims, width)
        self.gaussian = StackedMLP(num_agents, [width], 2 * self.action_dim)
        self.time_frequencies = nn.Parameter(torch.randn(num_agents, 1, cfg.time_features // 2) * 2.0)
        self.time_projection = StackedLinear(num_agents, cfg.time_features, width, bias=False)
        self.action_features = FourierFeatures(num_agents, self.action_dim, cfg.action_features)
        self.action_projection = StackedLinear(num_agents, self.action_features.out_features, width, bias=False)
        self.mlp = StackedMLP(num_agents, cfg.hidden_dims, self.action_dim)
        for last in (self.mlp.last, self.gaussian.last):
            nn.init.zeros_(last.weight)
            assert last.bias is not None
            nn.init.zeros_(last.bias)
        assert self.gaussian.last.bias is not None
        nn.init.constant_(self.gaussian.last.bias[..., self.action_dim :], math.log(cfg.initial_std))
        time = (torch.arange(schedule.num_steps) + 1.0) / schedule.num_steps
        self.register_buffer("_mask", action_mask_AD[:, None, :].clone(), persistent=False)
        self.register_buffer("_time", time.view(1, -1, 1), persistent=False)

    def encode(self, obs_ARO: torch.Tensor) -> EncodedObservation:
        """Do once per state what does not depend on the noisy action."""
        hidden = self.obs_encoder(obs_ARO)
        mean, log_std = self.gaussian(hidden).split(self.action_dim, dim=-1)
        return EncodedObservation(hidden, mean, log_std.clamp(LOG_STD_MIN, LOG_STD_MAX).exp())

    def time_table(self) -> torch.Tensor:
        """Project the Fourier features of every denoising time. Shape: (A, H, W)."""
        phase = self._time * self.time_frequencies * (2.0 * math.pi)
        return self.time_projection(torch.cat((phase.sin(), phase.cos()), dim=-1))

    def forward(
        self,
        x_ARD: torch.Tensor,
        encoded: EncodedObservation,
        time_ARW: torch.Tensor,
        signal: torch.Tensor,
        noise: torch.Tensor,
    ) -> torch.Tensor:
        """Predict the noise in x: what the Gaussian implies, plus the network's output in units of its error.

        For a ~ N(m, s^2) and x = alpha a + sigma eps, E[eps | x] = sigma (x - alpha m) / v with v = alpha^2 s^2 +
        sigma^2, and the variance of eps given x is alpha^2 s^2 / v (as Karras et al. 2022, app. B, for m = 0).

        Args:
            x_ARD: Noisy actions.
            encoded: Encoded observations, broadcast over rows.
            time_ARW: Rows of :meth:`time_table`, broadcast over rows.
            signal: alpha of the noise level, broadcast over x.
            noise: sigma of the noise level, broadcast over x.

        Returns:
            Predicted noise, zero in the padding throughout the chain, as in training. Shape: (A, R, D).
        """
        scaled_std = signal * encoded.std
        variance = scaled_std.square() + noise.square()
        hidden = self.action_projection(self.action_features(x_ARD)) + encoded.hidden + time_ARW
        implied = noise * (x_ARD - signal * encoded.mean) / variance
        return (implied + scaled_std * variance.rsqrt() * self.mlp(hidden)) * self._mask
