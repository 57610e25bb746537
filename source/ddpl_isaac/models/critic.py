# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Value functions: one central Q(s, joint action), or one local Q_i(o_i, a_i) per agent (METHOD 2.4).

Both are twins, and both have the same two calls: ``forward`` for the loss and ``marginal`` for the candidates.
Shapes: A agents, B states, M candidates, L draws of the others' actions, E = 2 twins, D action, W first hidden width.
"""

from __future__ import annotations

import math
import torch
from torch import nn

from ddpl_isaac.config import CriticConfig
from ddpl_isaac.models.fourier_features import FourierFeatures
from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP

NUM_TWINS = 2


class CentralCritic(nn.Module):
    """Twin Q(s, a_1..a_A)."""

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``obs_dim`` is unused."""
        super().__init__()
        del obs_dim
        self.num_agents, self.marginal_rule, self.width = num_agents, cfg.marginal, cfg.hidden_dims[0]
        self.state_projection = StackedLinear(NUM_TWINS, state_dim, self.width)
        # one matrix per agent, so that a candidate changes one summand of the first layer and not the whole product
        self.action_features = FourierFeatures(NUM_TWINS * num_agents, action_dim, cfg.action_features)
        features = self.action_features.out_features
        self.action_projection = StackedLinear(NUM_TWINS * num_agents, features, self.width, bias=False)
        self.mlp = StackedMLP(NUM_TWINS, cfg.hidden_dims, 1, layer_norm=True)

    def _project_actions(self, action_ARD: torch.Tensor) -> torch.Tensor:
        """Project each agent's actions for each twin. Shape: (A, R, D) -> (E, A, R, W)."""
        repeated = action_ARD.repeat(NUM_TWINS, 1, 1)
        return self.action_projection(self.action_features(repeated)).view(NUM_TWINS, self.num_agents, -1, self.width)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins. Shape: (E, 1, B); the second dimension is what ``LocalCritic`` needs."""
        del obs_BAO
        state = self.state_projection(state_BS.expand(NUM_TWINS, -1, -1))
        actions = self._project_actions(action_BAD.transpose(0, 1)).sum(1)
        return self.mlp(state + actions).transpose(1, 2)

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Average Q over the other agents' actions for every candidate, and over the twins.

        The same L draws serve all candidates of a state (common random numbers), so that differences between
        candidates carry no noise of the others.

        Returns:
            Qbar_i(s, a_i). Shape: (A, B, M).
        """
        del obs_BAO
        (A, B, M, _), L = candidates_ABMD.shape, others_ABLD.shape[2]
        state = self.state_projection(state_BS.expand(NUM_TWINS, -1, -1)).view(NUM_TWINS, 1, B, 1, 1, -1)
        own = self._project_actions(candidates_ABMD.flatten(1, 2)).view(NUM_TWINS, A, B, M, 1, -1)
        team = self._project_actions(others_ABLD.flatten(1, 2)).view(NUM_TWINS, A, B, L, -1)
        others = (team.sum(1, keepdim=True) - team).unsqueeze(3)
        q = self.mlp((state + own + others).flatten(1, -2)).view(NUM_TWINS, A, B, M, L).mean(0)
        return q.mean(-1) if self.marginal_rule == "mean" else q.logsumexp(-1) - math.log(L)


class LocalCritic(nn.Module):
    """Twin Q_i(o_i, a_i) of every agent: training is decentralised too."""

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``state_dim`` is unused."""
        super().__init__()
        del state_dim
        self.num_agents, self.width = num_agents, cfg.hidden_dims[0]
        self.obs_projection = StackedLinear(NUM_TWINS * num_agents, obs_dim, self.width)
        self.action_features = FourierFeatures(NUM_TWINS * num_agents, action_dim, cfg.action_features)
        features = self.action_features.out_features
        self.action_projection = StackedLinear(NUM_TWINS * num_agents, features, self.width, bias=False)
        self.mlp = StackedMLP(NUM_TWINS * num_agents, cfg.hidden_dims, 1, layer_norm=True)

    def _evaluate(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Evaluate M actions of every agent and state. Shape: (E, A, B, M)."""
        A, B, M, _ = action_ABMD.shape
        obs = self.obs_projection(obs_BAO.transpose(0, 1).repeat(NUM_TWINS, 1, 1)).unsqueeze(2)
        actions = self.action_projection(self.action_features(action_ABMD.flatten(1, 2).repeat(NUM_TWINS, 1, 1)))
        hidden = obs + actions.view(NUM_TWINS * A, B, M, -1)
        return self.mlp(hidden.flatten(1, 2)).view(NUM_TWINS, A, B, M)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins of every agent. Shape: (E, A, B)."""
        del state_BS
        return self._evaluate(obs_BAO, action_BAD.transpose(0, 1).unsqueeze(2)).squeeze(-1)

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Return Q_i of the candidates, mean of the twins: the others are already averaged over by the TD target.

        Returns:
            Qbar_i(o_i, a_i). Shape: (A, B, M).
        """
        del state_BS, others_ABLD
        return self._evaluate(obs_BAO, candidates_ABMD).mean(0)


CRITICS = {"central": CentralCritic, "local": LocalCritic}
