# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The joint policy as an environment sees it: observations in, joint action out."""

from __future__ import annotations

import torch
from collections.abc import Callable, Mapping
from tensordict import TensorDict
from torch import nn
from typing import Self

from ddpl_isaac.models.actor import Actor
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs

Value = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Values of actions (A, N, M, D) given normalised observations (N, A, O). Shape: (A, N, M)."""


class JointPolicy(nn.Module):
    """Every agent acts on its own observation by one sample of its own policy."""

    def __init__(
        self,
        stack: AgentStack,
        normalizer: nn.Module,
        actor: Actor,
        *,
        captures: bool = False,
        temperature: float = 1.0,
    ) -> None:
        """Join what the learner owns; nothing is copied.

        Args:
            stack: Layout of the agents.
            normalizer: Of the stacked observations.
            actor: Draws the actions.
            captures: Whether drawing, with all around it, becomes a CUDA graph.
            temperature: Factor of the noise from which actions are made; see :meth:`Actor.sample`.
        """
        super().__init__()
        self._graphs = CudaGraphs(captures)
        self.stack, self.normalizer, self.actor, self.temperature = stack, normalizer, actor, temperature
        self.register_buffer("output_std", torch.ones(1), persistent=False)

    def normalized(self, obs: TensorDict | Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Stack and normalise the observations. Shape: (N, A, O)."""
        return self.normalizer(self.stack.observations(obs))

    @torch.no_grad()
    def actions(self, obs: TensorDict) -> torch.Tensor:
        """Draw one action per agent in ``[-1, 1]``. Shape: (N, A, D)."""
        return self._graphs.keep(self._actions, *(obs[name] for name in self.stack.names))

    def _actions(self, *seen: torch.Tensor) -> torch.Tensor:
        """Do so, given the agents' observations."""
        drawn_AND = self._draw(self.normalized(dict(zip(self.stack.names, seen, strict=True))))
        return drawn_AND.transpose(0, 1).contiguous()

    def _draw(self, normalized_NAO: torch.Tensor) -> torch.Tensor:
        """Draw the actions. Shape: (A, N, D)."""
        return self.actor.sample(normalized_NAO, temperature=self.temperature)[:, :, 0]

    def tempered(self, temperature: float) -> JointPolicy:
        """Return the same policies with their noise multiplied: narrower, with the same modes."""
        captures = self._graphs.active
        return JointPolicy(self.stack, self.normalizer, self.actor, captures=captures, temperature=temperature)

    def forward(self, obs: TensorDict) -> torch.Tensor:
        """Draw the joint action in the environment's units. Shape: (N, num_actions)."""
        return self.stack.joint_action(self.actions(obs))

    @torch.no_grad()
    def deviation(self, obs: TensorDict, num_draws: int = 8) -> torch.Tensor:
        """Return the standard deviation of draws in each state, mean over agents and their dimensions. Shape: (N,).

        What is drawn next is what would have been drawn without it.

        Args:
            obs: Observations.
            num_draws: Draws per agent and state; >= 2.
        """
        normalized_NAO = self.normalized(obs)
        device = normalized_NAO.device  # else the state of every GPU of the machine would be kept, with a warning
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            std_AND = self.actor.sample(normalized_NAO, num_draws, temperature=self.temperature).std(2)
        mask = self.stack.action_mask
        return (std_AND * mask.unsqueeze(1)).sum((0, 2)) / mask.sum()

    def _apply(self, fn: Callable, recurse: bool = True) -> Self:
        """Move the parameters; graphs know the old ones by their memory."""
        self._graphs.forget()
        return super()._apply(fn, recurse)

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
        super().__init__(policy.stack, policy.normalizer, policy.actor, captures=policy._graphs.active)
        self.value, self.num_draws = value, num_draws

    def _draw(self, normalized_NAO: torch.Tensor) -> torch.Tensor:
        """Draw M actions per agent and keep the best. Shape: (A, N, D)."""
        drawn_ANMD = self.actor.sample(normalized_NAO, self.num_draws)
        best = self.value(normalized_NAO, drawn_ANMD).argmax(-1, keepdim=True).unsqueeze(-1)
        return drawn_ANMD.take_along_dim(best, dim=2)[:, :, 0]
