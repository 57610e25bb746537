# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Gaussian policies and mixtures of them: what diffusion policies are compared with (docs/method.md §5).

Shapes: A agents, B states, O observation, M samples per state, C components, D action.
"""

from __future__ import annotations

import math
import torch
from torch import nn
from typing import cast

from ddpl_isaac.config import ActorConfig
from ddpl_isaac.models.actor import Actor, MirrorStep
from ddpl_isaac.models.observation_encoder import ObservationEncoder
from ddpl_isaac.models.stacked_mlp import StackedMLP

LOG_STD_MIN, LOG_STD_MAX = math.log(0.01), math.log(2.0)
"""A policy narrower than a hundredth of the box has collapsed; one twice as wide as the box is uniform enough."""


class MixtureActor(Actor):
    """A mixture of C diagonal Gaussians per agent, fitted by weighted maximum likelihood, the forward KL.

    Actions are clipped to the box when they are drawn; densities are those before the clip.
    """

    action_mask: torch.Tensor

    def __init__(self, obs_dim: int, action_mask_AD: torch.Tensor, cfg: ActorConfig, num_components: int = 5) -> None:
        """Create the networks: at first every agent plays with mean 0 and deviation initial_std whatever it sees.

        The last layer starts at zero. Its bias spreads the means of several components over half the variance, as
        components that are equal would stay so.
        """
        super().__init__()
        num_agents, self.action_dim = action_mask_AD.shape
        self.num_components = num_components
        self.register_buffer("action_mask", action_mask_AD, persistent=False)
        self.obs_encoder = ObservationEncoder(num_agents, obs_dim, cfg.observation_dims, cfg.hidden_dims[0])
        self.mlp = StackedMLP(num_agents, cfg.hidden_dims, num_components * (2 * self.action_dim + 1))
        mean = torch.zeros(num_agents, num_components, self.action_dim)
        std = torch.tensor(cfg.initial_std)
        if num_components > 1:
            mean = torch.randn_like(mean)
            mean = (mean - mean.mean(1, keepdim=True)) / mean.std(1, correction=0, keepdim=True)
            mean, std = mean * std * math.sqrt(0.5), std * math.sqrt(0.5)
        log_std = std.log().expand_as(mean)
        logits = torch.zeros(num_agents, num_components, 1)
        last = self.mlp.last
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        last.bias.data.copy_(torch.cat((mean, log_std, logits), dim=-1).flatten(1).unsqueeze(1))

    def components(self, obs_BAO: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return means, log standard deviations and log shares. Shapes: (A, B, C, D) twice, (A, B, C)."""
        output = self.mlp(self.obs_encoder(obs_BAO.transpose(0, 1))).unflatten(-1, (self.num_components, -1))
        mean, log_std, logit = output.split((self.action_dim, self.action_dim, 1), dim=-1)
        return mean, log_std.clamp(LOG_STD_MIN, LOG_STD_MAX), logit.squeeze(-1).log_softmax(-1)

    def draw(
        self,
        obs_BAO: torch.Tensor,
        num_samples: int,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw actions before the clip, with gradient into mean and deviation. Shape: (A, B, M, D)."""
        mean, log_std, log_share = self.components(obs_BAO)
        # Gumbel's trick rather than a multinomial draw, which works on matrices only
        noise = torch.empty(*log_share.shape[:2], num_samples, self.num_components, device=mean.device)
        gumbel = -noise.exponential_(generator=generator).log()
        chosen = (log_share.unsqueeze(2) + gumbel).argmax(-1, keepdim=True).expand(-1, -1, -1, self.action_dim)
        mean, std = mean.gather(2, chosen), log_std.gather(2, chosen).exp()
        noise = temperature * torch.randn(mean.shape, device=mean.device, generator=generator)
        return (mean + std * noise) * self.action_mask[:, None, None, :]

    def log_prob(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Log-density before the clip, in the agents' own dimensions [nats]. Shape: (A, B, M)."""
        mean, log_std, log_share = (part.unsqueeze(2) for part in self.components(obs_BAO))
        error = (action_ABMD.unsqueeze(3) - mean) * (-log_std).exp()
        log_density = -0.5 * error.square() - log_std - 0.5 * math.log(2.0 * math.pi)
        inside = (log_density * self.action_mask[:, None, None, None, :]).sum(-1)
        return (inside + log_share).logsumexp(-1)

    @torch.no_grad()
    def sample(
        self,
        obs_BAO: torch.Tensor,
        num_samples: int = 1,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw actions in ``[-1, 1]``, as :meth:`Actor.sample`; shares of several Gaussians stay as they are."""
        return self.draw(obs_BAO, num_samples, generator, temperature).clamp(-1.0, 1.0)

    def loss(self, target: MirrorStep) -> torch.Tensor:
        """Forward KL up to a constant: -E log pi under the target, mode-covering. Shape: (A, B)."""
        return -self.log_prob(target.obs, target.action).mean(-1)


class GaussianForwardActor(MixtureActor):
    """One Gaussian, fitted by weighted maximum likelihood: the weights of ISSM, another class."""

    def __init__(self, obs_dim: int, action_mask_AD: torch.Tensor, cfg: ActorConfig) -> None:
        """Create the networks."""
        super().__init__(obs_dim, action_mask_AD, cfg, num_components=1)


class GaussianReverseActor(GaussianForwardActor):
    """One Gaussian, projected by the reverse KL as in DecSPG: reparameterised and mode-seeking (docs/method.md §1)."""

    def loss(self, target: MirrorStep) -> torch.Tensor:
        """KL(pi || pi^k exp(eta Qbar)) up to a constant, by a draw for each target action. Shape: (A, B)."""
        action_ABKD = self.draw(target.obs, target.action.shape[2], target.generator)
        reference = cast(MixtureActor, target.reference)
        divergence = self.log_prob(target.obs, action_ABKD) - reference.log_prob(target.obs, action_ABKD)
        gain = target.eta[:, None, None] * target.qbar(action_ABKD.clamp(-1.0, 1.0))
        return (divergence - gain).mean(-1)
