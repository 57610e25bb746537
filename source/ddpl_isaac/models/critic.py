# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Value functions: central Q(s, joint action) of three kinds, or local Q_i(o_i, a_i) per agent (docs/method.md §3).

All have the same calls: ``forward`` for the loss, ``bootstrap`` for the TD target, ``marginal`` for the candidates.
Shapes: A agents, B states, M candidates, L draws of the others' actions, E = 2 twins, D action, W first hidden width.
"""

from __future__ import annotations

import torch
from torch import nn

from ddpl_isaac.config import CriticConfig
from ddpl_isaac.models.critic_inputs import NUM_TWINS, OwnInput, TeamInput, average_draws
from ddpl_isaac.models.fourier_features import FourierFeatures
from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP


class CentralCritic(nn.Module):
    """Twin Q(s, a_1..a_A)."""

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``obs_dim`` is unused."""
        super().__init__()
        del obs_dim
        self.marginal_rule, self.marginal_samples = cfg.marginal, cfg.marginal_samples
        self.team = TeamInput(NUM_TWINS, num_agents, state_dim, action_dim, cfg)
        self.mlp = StackedMLP(NUM_TWINS, cfg.hidden_dims, 1, layer_norm=True)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins. Shape: (E, 1, B); the second dimension is what ``LocalCritic`` needs."""
        del obs_BAO
        return self.mlp(self.team(state_BS, action_BAD)).transpose(1, 2)

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
        state = self.team.project_state(state_BS).view(NUM_TWINS, 1, B, 1, 1, -1)
        own = self.team.project_actions(candidates_ABMD.flatten(1, 2)).view(NUM_TWINS, A, B, M, 1, -1)
        team = self.team.project_actions(others_ABLD.flatten(1, 2)).view(NUM_TWINS, A, B, L, -1)
        others = (team.sum(1, keepdim=True) - team).unsqueeze(3)
        q = self.mlp((state + own + others).flatten(1, -2)).view(NUM_TWINS, A, B, M, L).mean(0)
        return average_draws(q, self.marginal_rule)


class LocalCritic(nn.Module):
    """Twin Q_i(o_i, a_i) of every agent: training is decentralised too."""

    marginal_samples = 0

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``state_dim`` is unused."""
        super().__init__()
        del state_dim
        self.own = OwnInput(NUM_TWINS, num_agents, obs_dim, action_dim, cfg)
        self.mlp = StackedMLP(NUM_TWINS * num_agents, cfg.hidden_dims, 1, layer_norm=True)

    def _evaluate(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Evaluate M actions of every agent and state. Shape: (E, A, B, M)."""
        return self.mlp(self.own(obs_BAO, action_ABMD)).view(NUM_TWINS, *action_ABMD.shape[:3])

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


class FactoredCritic(nn.Module):
    """Twin Q(s, a_1..a_A) that bootstrap, and beside them V(s) + A_i(o_i, a_i) of every agent, which values candidates.

    An agent that does not see the state must weigh its actions by E[Q | o_i, a_i]. Weights of Q(s, a_i), normalised
    per state, do something else: score matching then fits, for one observation, the mixture of the targets of all
    states behind it, and that stays as wide as they differ. The least-squares fit of V + A_i to the TD target gives
    A_i = E[Q | o_i, a_i] up to a function of o_i, which the weights do not see; V takes what the agent cannot change.

    All of them are one stack of E + 1 + A networks behind first layers that differ in what they are given.
    """

    marginal_samples = 0
    _TWINS, _ADVANTAGES = slice(NUM_TWINS), slice(NUM_TWINS + 1, None)

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks."""
        super().__init__()
        self.team = TeamInput(NUM_TWINS, num_agents, state_dim, action_dim, cfg)
        self.value = StackedLinear(1, state_dim, cfg.hidden_dims[0])
        self.own = OwnInput(1, num_agents, obs_dim, action_dim, cfg)
        self.mlp = StackedMLP(NUM_TWINS + 1 + num_agents, cfg.hidden_dims, 1, layer_norm=True)

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins and every V + A_i, all of which learn the TD target. Shape: (E + A, 1, B)."""
        own = self.own(obs_BAO, action_BAD.transpose(0, 1).unsqueeze(2))
        hidden = torch.cat((self.team(state_BS, action_BAD), self.value(state_BS.unsqueeze(0)), own))
        twins, value, advantages = self.mlp(hidden).transpose(1, 2).split((NUM_TWINS, 1, len(own)))
        return torch.cat((twins, value + advantages))

    def bootstrap(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins alone. Shape: (E, 1, B)."""
        del obs_BAO
        return self.mlp(self.team(state_BS, action_BAD), self._TWINS).transpose(1, 2)

    def own_value(self, obs_BAO: torch.Tensor, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Value an agent's actions by what it sees alone, by A_i. Shape: (A, B, M)."""
        return self.mlp(self.own(obs_BAO, action_ABMD), self._ADVANTAGES).view(action_ABMD.shape[:3])

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Return A_i of the candidates: state and other agents are already averaged over.

        Returns:
            Qbar_i(o_i, a_i) up to a function of o_i. Shape: (A, B, M).
        """
        del state_BS, others_ABLD
        return self.own_value(obs_BAO, candidates_ABMD)

    def team_value(
        self, state_BS: torch.Tensor, action_BAD: torch.Tensor, candidates_ABMD: torch.Tensor
    ) -> torch.Tensor:
        """Return both twins' Q where one agent alone plays its candidates instead of its action.

        Args:
            state_BS: States.
            action_BAD: Joint actions, of which the others' stay.
            candidates_ABMD: Actions of each agent.

        Returns:
            Q(s, a_i, a_-i). Shape: (E, A, B, M).
        """
        (A, B, M, _) = candidates_ABMD.shape
        state = self.team.project_state(state_BS).view(NUM_TWINS, 1, B, 1, -1)
        own = self.team.project_actions(candidates_ABMD.flatten(1, 2)).view(NUM_TWINS, A, B, M, -1)
        team = self.team.project_actions(action_BAD.transpose(0, 1))
        others = (team.sum(1, keepdim=True) - team).unsqueeze(3)
        return self.mlp((state + own + others).flatten(1, 3), self._TWINS).view(NUM_TWINS, A, B, M)


class PooledCritic(nn.Module):
    """Twin Q(s, a_1..a_A) of agents that are interchangeable but for an identity: deep sets (Zaheer et al. 2017).

    Every agent sends a message e(o_j, a_j), and Q is the mean over agents of f(o_i, a_i, mean_j e(o_j, a_j)). One
    pair of networks serves all agents, so that a transition teaches it A times; biases of the first layers, zero at
    first, tell agents apart where that matters. The value of a candidate takes A evaluations instead of one.
    """

    def __init__(self, num_agents: int, obs_dim: int, state_dim: int, action_dim: int, cfg: CriticConfig) -> None:
        """Create the networks; ``state_dim`` is unused: what all agents see together is the state."""
        super().__init__()
        del state_dim
        self.marginal_rule, self.marginal_samples = cfg.marginal, cfg.marginal_samples
        width, pooled = cfg.hidden_dims[0], cfg.hidden_dims[-1] // 2
        self.obs_projection = StackedLinear(NUM_TWINS, obs_dim, 2 * width)
        self.action_features = FourierFeatures(NUM_TWINS, action_dim, cfg.action_features)
        features = self.action_features.out_features
        self.action_projection = StackedLinear(NUM_TWINS, features, 2 * width, bias=False)
        self.identity = nn.Parameter(torch.zeros(NUM_TWINS, num_agents, 1, 2 * width))
        self.message = StackedMLP(NUM_TWINS, cfg.hidden_dims, pooled, layer_norm=True)
        self.pooled_projection = StackedLinear(NUM_TWINS, pooled, width, bias=False)
        self.mlp = StackedMLP(NUM_TWINS, cfg.hidden_dims, 1, layer_norm=True)

    def _project_obs(self, obs_BAO: torch.Tensor) -> torch.Tensor:
        """Return what observations and identities contribute. Shape: (E, A, B, 2 W)."""
        num_agents, batch = obs_BAO.shape[1], obs_BAO.shape[0]
        rows = obs_BAO.transpose(0, 1).flatten(0, 1).expand(NUM_TWINS, -1, -1)
        return self.obs_projection(rows).unflatten(1, (num_agents, batch)) + self.identity

    def _project_action(self, action_ABMD: torch.Tensor) -> torch.Tensor:
        """Return what actions contribute. Shape: (E, A, B, M, 2 W)."""
        rows = self.action_features(action_ABMD.flatten(0, 2).expand(NUM_TWINS, -1, -1))
        return self.action_projection(rows).unflatten(1, action_ABMD.shape[:3])

    def forward(self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, action_BAD: torch.Tensor) -> torch.Tensor:
        """Evaluate both twins. Shape: (E, 1, B)."""
        del state_BS
        actions = self._project_action(action_BAD.transpose(0, 1).unsqueeze(2)).squeeze(3)
        for_message, own = (self._project_obs(obs_BAO) + actions).chunk(2, dim=-1)
        A, B = own.shape[1:3]
        message = self.message(for_message.flatten(1, 2)).unflatten(1, (A, B))
        pooled = self.pooled_projection(message.mean(1)).unsqueeze(1)
        return self.mlp((own + pooled).flatten(1, 2)).view(NUM_TWINS, A, B).mean(1, keepdim=True)

    bootstrap = forward

    def marginal(
        self, state_BS: torch.Tensor, obs_BAO: torch.Tensor, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
    ) -> torch.Tensor:
        """Average Q over the other agents' actions for every candidate, and over the twins.

        Returns:
            Qbar_i(s, a_i). Shape: (A, B, M).
        """
        del state_BS
        (A, B, M, _), L = candidates_ABMD.shape, others_ABLD.shape[2]
        seen = self._project_obs(obs_BAO).unsqueeze(3)
        candidate_message, candidate_own = (seen + self._project_action(candidates_ABMD)).chunk(2, dim=-1)
        other_message, other_own = (seen + self._project_action(others_ABLD)).chunk(2, dim=-1)
        candidate, other = self._message_of(candidate_message), self._message_of(other_message)
        others = other.sum(1, keepdim=True) - other
        values = []
        for i in range(A):  # one agent's candidates at a time: every agent's network sees what each one changes
            pooled = (candidate[:, i].unsqueeze(3) + others[:, i].unsqueeze(2)) / A
            inputs = [pooled + other_own[:, k].unsqueeze(2) for k in range(A) if k != i]
            inputs.append(pooled + candidate_own[:, i].unsqueeze(3))
            rows = torch.stack(inputs, dim=1).flatten(1, -2)
            values.append(self.mlp(rows).view(NUM_TWINS, A, B, M, L).mean((0, 1)))
        return average_draws(torch.stack(values), self.marginal_rule)

    def _message_of(self, preactivation: torch.Tensor) -> torch.Tensor:
        """Return the projected messages of agents, states and actions. Shape: (E, A, B, M, W) -> the same."""
        message = self.pooled_projection(self.message(preactivation.flatten(1, 3)))
        return message.unflatten(1, preactivation.shape[1:4])


Critic = CentralCritic | LocalCritic | FactoredCritic | PooledCritic
"""Any of them."""

CRITICS = {"central": CentralCritic, "factored": FactoredCritic, "local": LocalCritic, "pooled": PooledCritic}
