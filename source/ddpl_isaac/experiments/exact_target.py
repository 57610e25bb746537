# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The mirror steps that a policy should take, on a grid: for one agent with one action dimension (docs/method.md §5).

Shapes: S seeds, G cells of the grid, P draws.
"""

from __future__ import annotations

import torch

from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.envs.coordination import Game

_CELLS_PER_BIN, _BINS = 20, 41
"""Histograms have bins of width .05, in whose middle lie the modes of the games; the box halves the outer two."""


class ExactTarget:
    """The density that exact mirror steps lead to from N(0, initial_std^2), clipped to the box."""

    def __init__(self, game: Game, num_seeds: int, cfg: AlgorithmConfig) -> None:
        """Start with the density of the untrained policy.

        Args:
            game: A game whose reward depends on one number.
            num_seeds: Policies S.
            cfg: The learner's settings: start, proposal and its share of uniform candidates.
        """
        half_bin = 1.0 / (_BINS - 1)
        width = 2.0 * half_bin / _CELLS_PER_BIN
        edges = torch.linspace(-1.0 - half_bin, 1.0 + half_bin, _BINS * _CELLS_PER_BIN + 1)
        self.cells = (edges[:-1] + edges[1:]) / 2.0
        inside = (self.cells.abs() < 1.0).float()
        # what the clip moves to the edge of the box belongs to the cell there
        below = torch.special.ndtr(edges.where(edges > -1.0 + width / 2, -torch.inf) / cfg.actor.initial_std)
        below[edges > 1.0 - width / 2] = 1.0
        self.density = (below.diff() * inside).expand(num_seeds, -1)
        self.uniform = inside / inside.sum()
        self.share = 0.0 if cfg.issm.proposal == "policy" else cfg.issm.uniform_share
        self.value = game.reward(self.cells.view(-1, 1, 1))

    def step(self, eta: torch.Tensor) -> None:
        """Multiply the proposal's density by exp(eta Q), with the temperature that each policy chose. Shape: (S,)."""
        proposal = (1.0 - self.share) * self.density + self.share * self.uniform
        self.density = torch.softmax(proposal.log() + eta[:, None] * self.value, dim=-1)

    def total_variation(self, actions: torch.Tensor) -> torch.Tensor:
        """Return the distance between the histogram of draws and the target's, in [0, 1].

        The histogram of a finite number P of draws differs by about .4 sqrt(bins in use / P) even from itself.

        Args:
            actions: Draws of every policy. Shape: (S, P).

        Returns:
            Half the sum of the absolute differences. Shape: (S,).
        """
        index = ((actions * (_BINS - 1) / 2.0).round() + (_BINS - 1) / 2.0).long()
        drawn = torch.zeros(len(actions), _BINS).scatter_add_(1, index, torch.ones_like(actions)) / actions.shape[1]
        return 0.5 * (drawn - self.density.unflatten(1, (_BINS, -1)).sum(-1)).abs().sum(-1)
