# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What critics of different kinds share: first layers over states and actions, and averages over the others' actions.

Shapes: G networks, A agents, B states, M actions of an agent, L draws of the others' actions, W first hidden width.
"""

from __future__ import annotations

import math
import torch
from torch import nn

from ddpl_isaac.config import CriticConfig
from ddpl_isaac.models.fourier_features import FourierFeatures
from ddpl_isaac.models.stacked_mlp import StackedLinear

NUM_TWINS = 2


def average_draws(q: torch.Tensor, rule: str) -> torch.Tensor:
    """Average values over the L draws of the others, the last dimension: ``mean``, or the optimistic ``lse``.

    ``lse`` is log mean exp Q, which hardly differs from the mean where Q varies by less than one.
    """
    return q.mean(-1) if rule == "mean" else q.logsumexp(-1) - math.log(q.shape[-1])


class TeamInput(nn.Module):
    """First layer of G networks over the state and the actions of all agents."""

    def __init__(self, num_networks: int, num_agents: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the weights."""
        super().__init__()
        self.num_networks, self.num_agents, width = num_networks, num_agents, cfg.hidden_dims[0]
        self.state_projection = StackedLinear(num_networks, state_dim, width)
        # one matrix per agent, so that a candidate changes one summand of the layer and not the whole product
        self.action_features = FourierFeatures(num_networks * num_agents, action_dim, cfg.action_features)
        features = self.action_features.out_features
        self.action_projection = StackedLinear(num_networks * num_agents, features, width, bias=False)

    def project_state(self, state_BS: torch.Tensor) -> torch.Tensor:
        """Return what the state contributes. Shape: (G, B, W)."""
        return self.state_projection(state_BS.expand(self.num_networks, -1, -1))

    def project_actions(self, action_ARD: torch.Tensor) -> torch.Tensor:
        """Return what the actions of each agent contribute. Shape: (A, R, D) -> (G, A, R, W)."""
        repeated = self.action_features(action_ARD.repeat(self.num_networks, 1, 1))
        return self.action_projection(repeated).unflatten(0, (self.num_networks, self.num_agents))

    def forward(self, state_BS: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Return the pre-activations of states and joint actions. Shape: (G, B, W)."""
        return self.project_state(state_BS) + self.project_actions(action_BAD.transpose(0, 1)).sum(1)


class OwnInput(nn.Module):
    """First layer of G networks of each agent over what that agent sees and does."""

    def __init__(self, num_networks: int, num_agents: int, obs_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the weights."""
        super().__init__()
        self.num_networks, stacked, width = num_networks, num_networks * num_agents, cfg.hidden_dims[0]
        self.obs_projection = StackedLinear(stacked, obs_dim, width)
        self.action_features = FourierFeatures(stacked, action_dim, cfg.action_features)
        self.action_projection = StackedLinear(stacked, self.action_features.out_features, width, bias=False)

    def forward(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Return the pre-activations of M actions of every agent in every state. Shape: (G A, B M, W)."""
        repeats = self.num_networks, 1, 1
        obs = self.obs_projection(obs_BAO.transpose(0, 1).repeat(repeats)).unsqueeze(2)
        actions = self.action_projection(self.action_features(action_ABMD.flatten(1, 2).repeat(repeats)))
        return (obs + actions.unflatten(1, action_ABMD.shape[1:3])).flatten(1, 2)
