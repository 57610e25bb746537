# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The joint policy as an environment sees it: observations in, joint action out."""

from __future__ import annotations

import torch
from tensordict import TensorDict
from torch import nn

from rsl_rl.modules import EmpiricalNormalization

from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.policy_class import PolicyClass


class JointPolicy(nn.Module):
    """Every agent acts on its own observation by one sample of its own policy."""

    def __init__(self, stack: AgentStack, normalizer: EmpiricalNormalization | nn.Identity, actor: PolicyClass) -> None:
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
