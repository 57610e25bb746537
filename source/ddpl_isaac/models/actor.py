# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the learner asks of a policy, and the target that it hands over (docs/method.md §5).

Shapes: A agents, B states, O observation, M samples and K target actions per state, D action.
"""

from __future__ import annotations

import torch
from abc import ABC, abstractmethod
from collections.abc import Callable
from torch import nn
from typing import NamedTuple


class MirrorStep(NamedTuple):
    """The target pi^k exp(eta Qbar) of one mirror step, in the forms that the projections onto a class need."""

    obs: torch.Tensor
    """Normalised observations. Shape: (B, A, O)."""

    action: torch.Tensor
    """Candidates drawn by their weights: samples of the target. Shape: (A, B, K, D)."""

    reference: Actor
    """The frozen policies pi^k."""

    eta: torch.Tensor
    """Temperature of each agent. Shape: (A,)."""

    qbar: Callable[[torch.Tensor], torch.Tensor]
    """Differentiable Qbar of any actions at these states. Shape: (A, B, K, D) -> (A, B, K)."""

    generator: torch.Generator | None = None
    """Random numbers of the loss; None is torch's own generator."""


class Actor(nn.Module, ABC):
    """One policy per agent, all agents in one batched tensor program; an agent acts on its own observation alone."""

    @abstractmethod
    def sample(
        self,
        obs_BAO: torch.Tensor,
        num_samples: int = 1,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw actions in ``[-1, 1]`` for every agent and state, without gradient.

        Args:
            obs_BAO: Normalised observations.
            num_samples: Draws M per agent and state.
            generator: Source of the random numbers; None is torch's own generator.
            temperature: Factor of the noise from which actions are made; >= 0. A Gaussian's deviation is that many
                times as large, and with 0 an agent always does the same where it sees the same, but for which one of
                several Gaussians it draws.

        Returns:
            Actions. Shape: (A, B, M, D).
        """

    @abstractmethod
    def loss(self, target: MirrorStep) -> torch.Tensor:
        """Distance to the target in the sense of this class, with gradient. Shape: (A, B)."""
