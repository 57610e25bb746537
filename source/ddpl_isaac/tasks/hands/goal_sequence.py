# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where the object is wanted, and how often it got there."""

from __future__ import annotations

import torch

from isaaclab.utils import index_fill_


class GoalSequence:
    """One goal per hand, of which one is wanted at a time: that of hand 1 first, then the next in turn if goals move.

    A goal is reached when the object has been near it for a number of steps in sum.
    """

    def __init__(self, positions: torch.Tensor, moves: bool = True) -> None:
        """Start with the goal of hand 1.

        Args:
            positions: Goal positions of all hands [m]. Shape: (num_hands, num_envs, 3).
            moves: Whether a goal that is reached gives way to the next; if not, it is reached once at most.
        """
        num_hands, num_envs, _ = positions.shape
        self._positions = positions.transpose(0, 1).contiguous()
        self._num_hands = num_hands
        self._moves = moves
        self._rows = torch.arange(num_envs, device=positions.device)
        self.handovers = torch.zeros(num_envs, dtype=torch.long, device=positions.device)
        """Goals reached in the running episodes. Shape: (num_envs,)."""
        self.success_steps = torch.zeros_like(self.handovers)
        """Steps near the goal that is wanted now. Shape: (num_envs,)."""
        self.min_distance = torch.full((num_envs,), torch.inf, device=positions.device)
        """Closest approach to a goal in the running episodes [m]. Shape: (num_envs,)."""

    @property
    def holder(self) -> torch.Tensor:
        """The hand that is to throw, the one before that whose goal is wanted. Shape: (num_envs,)."""
        return self.handovers % self._num_hands if self._moves else torch.zeros_like(self.handovers)

    @property
    def position(self) -> torch.Tensor:
        """The goals that are wanted now [m]. Shape: (num_envs, 3)."""
        return self._positions[self._rows, (self.holder + 1) % self._num_hands]

    def update(self, distance: torch.Tensor, at_goal: torch.Tensor, steps_required: int) -> None:
        """Count a step and move on to the next goal where this one is reached.

        Args:
            distance: Distance to the goal [m]. Shape: (num_envs,).
            at_goal: Whether the step counts towards it. Shape: (num_envs,).
            steps_required: Steps in sum after which the goal is reached.
        """
        finite = torch.where(torch.isfinite(distance), distance, torch.inf)
        torch.minimum(self.min_distance, finite, out=self.min_distance)
        self.success_steps += at_goal
        reached = self.success_steps >= steps_required
        if self._moves:
            self.handovers += reached
            self.success_steps.masked_fill_(reached, 0)
        else:
            self.handovers.masked_fill_(reached, 1)

    def reset(self, env_ids: torch.Tensor) -> None:
        """Start new episodes."""
        index_fill_(self.handovers, env_ids, 0)
        index_fill_(self.success_steps, env_ids, 0)
        index_fill_(self.min_distance, env_ids, torch.inf)
