# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The ideal class: a policy that *is* the weighted candidates, without a network that could lag (docs/method.md §5).

Shapes: A agents, B batches, M samples, K drawn actions, P particles, D action.
"""

from __future__ import annotations

import torch
from collections.abc import Callable

from ddpl_isaac.algorithms.policy_improvement import PolicyImprovement, States
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.diffusion.importance import systematic_resample
from ddpl_isaac.models.actor import Actor, MirrorStep


class Particles(Actor):
    """Equally likely actions of every agent, whatever it observes: for games without a state."""

    particles: torch.Tensor

    def __init__(self, particles_APD: torch.Tensor) -> None:
        """Start with the given actions."""
        super().__init__()
        self.register_buffer("particles", particles_APD)

    def sample(
        self, obs_BAO: torch.Tensor, num_samples: int = 1, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Draw particles with replacement. Shape: (A, B, M, D)."""
        batch, num_agents, _ = obs_BAO.shape
        count, dim = self.particles.shape[1:]
        index = torch.randint(count, (num_agents, batch * num_samples, 1), device=obs_BAO.device, generator=generator)
        return self.particles.gather(1, index.expand(-1, -1, dim)).unflatten(1, (batch, num_samples))

    def loss(self, target: MirrorStep) -> torch.Tensor:
        """Fail: particles are collected, not fitted."""
        raise NotImplementedError("Particles do not learn from mirror steps.")


class ParticleImprovement(PolicyImprovement):
    """Collects in a window what the other classes are fitted to, and plays that in the next one.

    It sees the same candidates, weights and draws, so what it reaches is what any class could reach at best.
    """

    def __init__(
        self,
        obs_dim: int,
        action_mask_AD: torch.Tensor,
        cfg: AlgorithmConfig,
        device: torch.device | str,
        marginal_samples: int,
        generator: torch.Generator | None = None,
    ) -> None:
        """Start with draws of N(0, initial_std^2); ``obs_dim`` is unused."""
        del obs_dim
        self._begin(action_mask_AD, cfg, device, marginal_samples, generator)
        start = cfg.actor.initial_std * torch.randn(*action_mask_AD.shape, 4096, device=device)
        self.actor = Particles((start.transpose(1, 2) * action_mask_AD[:, None, :]).clamp(-1.0, 1.0))
        self.reference = self.actor
        self._drawn: list[torch.Tensor] = []

    @property
    def policy(self) -> Actor:
        """The particles."""
        return self.actor

    def step(self, states: Callable[[], States]) -> dict[str, torch.Tensor]:
        """Draw one more set of actions by weight; the last one of a window makes all of them the new policy."""
        window = self.cfg.issm.reference_window
        position = self.steps % window
        if self._weighed is None or position == 0 or self.steps % self.cfg.candidate_reuse == 0:
            self._weighed = self._weigh_candidates(states(), position == 0)
        _, candidates, weights, _, diagnostics = self._weighed
        self._drawn.append(systematic_resample(candidates, weights, self.cfg.issm.loss_samples).flatten(1, 2))
        if position == window - 1:
            self.actor.particles = torch.cat(self._drawn, dim=1)
            self._drawn.clear()
        self.steps += 1
        return diagnostics
