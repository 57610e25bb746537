# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Value functions: a central Q(s, joint action), plain or factored, or a local Q_i(o_i, a_i) per agent (METHOD 2.4).

All have the same calls: ``forward`` for the loss, ``bootstrap`` for the TD target, ``marginal`` for the candidates.
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


def average_draws(q: torch.Tensor, rule: str) -> torch.Tensor:
    """Average values over the L draws of the others, the last dimension: ``mean``, or the optimistic ``lse``.

    ``lse`` is log mean exp Q, which hardly differs from the mean where Q varies by less than one.
    """
    return q.mean(-1) if rule == "mean" else q.logsumexp(-1) - math.log(q.shape[-1])


class CentralCritic(nn.Module):
    """Twin Q(s, a_1..a_A)."""

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``obs_dim`` is unused."""
        super().__init__()
        del obs_dim
        self.num_agents, self.marginal_rule, self.width = num_agents, cfg.marginal, cfg.hidden_dims[0]
        self.marginal_samples = cfg.marginal_samples
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

    bootstrap = forward

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
        return average_draws(q, self.marginal_rule)


class LocalCritic(nn.Module):
    """Q_i(o_i, a_i) of every agent: training is decentralised too."""

    marginal_samples = 0

    def __init__(
        self,
        num_agents: int,
        obs_dim: int,
        state_dim: int,
        action_dim: int,
        cfg: CriticConfig,
        num_twins: int = NUM_TWINS,
    ) -> None:
        """Create the networks; ``state_dim`` is unused."""
        super().__init__()
        del state_dim
        self.num_agents, self.num_twins = num_agents, num_twins
        width = cfg.hidden_dims[0]
        self.obs_projection = StackedLinear(num_twins * num_agents, obs_dim, width)
        self.action_features = FourierFeatures(num_twins * num_agents, action_dim, cfg.action_features)
        features = self.action_features.out_features
        self.action_projection = StackedLinear(num_twins * num_agents, features, width, bias=False)
        self.mlp = StackedMLP(num_twins * num_agents, cfg.hidden_dims, 1, layer_norm=True)

    def _evaluate(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Evaluate M actions of every agent and state. Shape: (E, A, B, M)."""
        A, B, M, _ = action_ABMD.shape
        obs = self.obs_projection(obs_BAO.transpose(0, 1).repeat(self.num_twins, 1, 1)).unsqueeze(2)
        actions = self.action_projection(self.action_features(action_ABMD.flatten(1, 2).repeat(self.num_twins, 1, 1)))
        hidden = obs + actions.view(self.num_twins * A, B, M, -1)
        return self.mlp(hidden.flatten(1, 2)).view(self.num_twins, A, B, M)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins of every agent. Shape: (E, A, B)."""
        del state_BS
        return self._evaluate(obs_BAO, action_BAD.transpose(0, 1).unsqueeze(2)).squeeze(-1)

    bootstrap = forward

    def own_value(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Value an agent's actions by what it sees alone: the mean of the twins. Shape: (A, B, M)."""
        return self._evaluate(obs_BAO, action_ABMD).mean(0)

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Return Q_i of the candidates: the others are already averaged over by the TD target.

        Returns:
            Qbar_i(o_i, a_i). Shape: (A, B, M).
        """
        del state_BS, others_ABLD
        return self.own_value(obs_BAO, candidates_ABMD)


class FactoredCritic(CentralCritic):
    """Twin Q(s, a_1..a_A) that bootstrap, and beside them V(s) + A_i(o_i, a_i) of every agent, which values candidates.

    An agent that does not see the state must weigh its actions by E[Q | o_i, a_i]. Weights of Q(s, a_i), normalised
    per state, do something else: score matching then fits, for one observation, the mixture of the targets of all
    states behind it, and that stays as wide as they differ. The least-squares fit of V + A_i to the TD target gives
    A_i = E[Q | o_i, a_i] up to a function of o_i, which the weights do not see; V takes what the agent cannot change.
    """

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks."""
        super().__init__(num_agents, obs_dim, state_dim, action_dim, cfg)
        self.marginal_samples = 0
        self.advantages = LocalCritic(num_agents, obs_dim, state_dim, action_dim, cfg, num_twins=1)
        self.value_projection = StackedLinear(1, state_dim, self.width)
        self.value_mlp = StackedMLP(1, cfg.hidden_dims, 1, layer_norm=True)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins and every V + A_i, all of which learn the TD target. Shape: (E + A, 1, B)."""
        value = self.value_mlp(self.value_projection(state_BS.unsqueeze(0))).transpose(1, 2)
        advantage = self.advantages(state_BS, obs_BAO, action_BAD).transpose(0, 1)
        return torch.cat((super().forward(state_BS, obs_BAO, action_BAD), value + advantage))

    def own_value(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Value an agent's actions by what it sees alone, by A_i. Shape: (A, B, M)."""
        return self.advantages.own_value(obs_BAO, action_ABMD)

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Return A_i of the candidates: state and other agents are already averaged over.

        Returns:
            Qbar_i(o_i, a_i) up to a function of o_i. Shape: (A, B, M).
        """
        del state_BS, others_ABLD
        return self.own_value(obs_BAO, candidates_ABMD)


CRITICS = {"central": CentralCritic, "factored": FactoredCritic, "local": LocalCritic}
