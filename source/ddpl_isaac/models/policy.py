# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The joint policy as an environment sees it: observations in, joint action out."""

from __future__ import annotations

import torch
from collections.abc import Callable
from tensordict import TensorDict
from torch import nn

from ddpl_isaac.models.actor import Actor
from ddpl_isaac.models.agent_stack import AgentStack

Value = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Values of actions (A, N, M, D) given normalised observations (N, A, O). Shape: (A, N, M)."""


class JointPolicy(nn.Module):
    """Every agent acts on its own observation by one sample of its own policy."""

    def __init__(self, stack: AgentStack, normalizer: nn.Module, actor: Actor) -> None:
        """Join what the learner owns; nothing is copied."""
        super().__init__()
        self.stack, self.normalizer, self.actor = stack, normalizer, actor
        self.register_buffer("output_std", torch.ones(1), persistent=False)

    def normalized(self, obs: TensorDict) -> torch.Tensor:
        """Stack and normalise the observations. Shape: (N, A, O)."""
        return self.normalizer(self.stack.observations(obs))

    @torch.no_grad()
    def actions(self, obs: TensorDict) -> torch.Tensor:
        """Draw one action per agent in ``[-1, 1]``. Shape: (N, A, D)."""
        return self.actor.sample(self.normalized(obs))[:, :, 0].transpose(0, 1)

    def forward(self, obs: TensorDict) -> torch.Tensor:
        """Draw the joint action in the environment's units. Shape: (N, num_actions)."""
        return self.stack.joint_action(self.actions(obs))

    def reset(self, dones: torch.Tensor | None = None) -> None:
        """Do nothing: the policy has no memory."""


class BestOfPolicy(JointPolicy):
    """Every agent draws several actions and takes the one that its own critic values most: greedier than the policy.

    Decentralised still, because the critic sees what its agent sees. Never what candidates or TD targets come from: it
    is another policy than the one that learns (docs/method.md §2).
    """

    def __init__(self, policy: JointPolicy, value: Value, num_draws: int) -> None:
        """Choose among the draws of a policy.

        Args:
            policy: Draws the actions.
            value: Values of each agent's actions.
            num_draws: Draws M of an agent and step; >= 1.
        """
        super().__init__(policy.stack, policy.normalizer, policy.actor)
        self.value, self.num_draws = value, num_draws

    @torch.no_grad()
    def actions(self, obs: TensorDict) -> torch.Tensor:
        """Draw M actions per agent in ``[-1, 1]`` and keep the best. Shape: (N, A, D)."""
        normalized = self.normalized(obs)
        drawn_ANMD = self.actor.sample(normalized, self.num_draws)
        best = self.value(normalized, drawn_ANMD).argmax(-1, keepdim=True).unsqueeze(-1)
        return drawn_ANMD.take_along_dim(best, dim=2)[:, :, 0].transpose(0, 1)
