# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising networks of all agents: eps(x_h, h, o) (METHOD 2.5, 2.6).

Shapes: A agents, R rows, O observation, D action, W first hidden width, H denoising steps.
"""

from __future__ import annotations

import math
import torch
from torch import nn

from ddpl_isaac.config import ActorConfig
from ddpl_isaac.diffusion.schedule import Schedule
from ddpl_isaac.models.fourier_features import FourierFeatures
from ddpl_isaac.models.observation_encoder import ObservationEncoder
from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP


class Denoiser(nn.Module):
    """Predicts the noise in the action of every agent from that agent's observation alone.

    The first layer is the sum of three parts, so that each is computed as rarely as it can be: the observation once per
    state, the time once per denoising step, the noisy action once per candidate and step.
    """

    def __init__(self, obs_dim: int, action_mask_AD: torch.Tensor, schedule: Schedule, cfg: ActorConfig) -> None:
        """Create the networks.

        The last layer starts at zero, so that the first prediction is the exact one for actions N(0, initial_std^2).
        """
        super().__init__()
        num_agents, action_dim = action_mask_AD.shape
        width = cfg.hidden_dims[0]
        self.obs_encoder = ObservationEncoder(num_agents, obs_dim, cfg.observation_dims, width)
        self.time_frequencies = nn.Parameter(torch.randn(num_agents, 1, cfg.time_features // 2) * 2.0)
        self.time_projection = StackedLinear(num_agents, cfg.time_features, width, bias=False)
        self.action_features = FourierFeatures(num_agents, action_dim, cfg.action_features)
        self.action_projection = StackedLinear(num_agents, self.action_features.out_features, width, bias=False)
        self.mlp = StackedMLP(num_agents, cfg.hidden_dims, action_dim)
        nn.init.zeros_(self.mlp.layers[-1].weight)
        nn.init.zeros_(self.mlp.layers[-1].bias)
        time = (torch.arange(schedule.num_steps) + 1.0) / schedule.num_steps
        self.register_buffer("_mask", action_mask_AD[:, None, :].clone(), persistent=False)
        self.register_buffer("_time", time.view(1, -1, 1), persistent=False)
        # eps given x for Gaussian actions: mean skip * x, standard deviation out (Karras et al. 2022, app. B)
        action_variance = schedule.signal.square() * cfg.initial_std**2
        variance = action_variance + schedule.noise.square()
        self.register_buffer("skip", schedule.noise / variance, persistent=False)
        self.register_buffer("out", (action_variance / variance).sqrt(), persistent=False)

    def time_table(self) -> torch.Tensor:
        """Project the Fourier features of every denoising time. Shape: (A, H, W)."""
        phase = self._time * self.time_frequencies * (2.0 * math.pi)
        return self.time_projection(torch.cat((phase.sin(), phase.cos()), dim=-1))

    def forward(
        self,
        x_ARD: torch.Tensor,
        obs_ARW: torch.Tensor,
        time_ARW: torch.Tensor,
        skip: torch.Tensor,
        out: torch.Tensor,
    ) -> torch.Tensor:
        """Predict the noise in x: what a Gaussian policy would imply, plus what the network adds in units of its error.

        Args:
            x_ARD: Noisy actions.
            obs_ARW: Encoded observations, broadcast over rows.
            time_ARW: Rows of :meth:`time_table`, broadcast over rows.
            skip: Entry of ``skip`` for the noise level, broadcast over x.
            out: Entry of ``out`` for the noise level, broadcast over x.

        Returns:
            Predicted noise, zero in the padding throughout the chain, as in training. Shape: (A, R, D).
        """
        hidden = self.action_projection(self.action_features(x_ARD)) + obs_ARW + time_ARW
        return (skip * x_ARD + out * self.mlp(hidden)) * self._mask
