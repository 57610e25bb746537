# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Stateless games of known reward, with exact values of an agent's action: no critic can be to blame (METHOD 4).

Shapes: S seeds, n agents, A = S n, B batches, M candidates, L draws of the others, D action.
"""

from __future__ import annotations

import torch
from collections.abc import Callable
from typing import NamedTuple

from ddpl_isaac.envs.coordination import corners_reward, in_corner

_MODE, _WIDTH = 0.6, 0.12


class Game(NamedTuple):
    """A game of one step and no state for n identical agents."""

    action_dim: int
    """Dimensions D of an agent's action."""

    reward: Callable[[torch.Tensor], torch.Tensor]
    """Team reward. Shape: (..., n, D) -> (...)."""

    hit: Callable[[torch.Tensor], torch.Tensor]
    """Whether each agent plays what the game wants to be found. Shape: (..., n, D) -> (..., n)."""


def _bump(action: torch.Tensor, centre: float) -> torch.Tensor:
    """Gaussian bump of height 1. Shape: (..., D) -> (...)."""
    return torch.exp(-(action - centre).square().sum(-1) / (2.0 * _WIDTH**2))


def two_modes_reward(actions: torch.Tensor) -> torch.Tensor:
    """Two equal bumps at -.6 and .6, of width .12, mean over the agents (METHOD 4.6)."""
    return (_bump(actions, -_MODE) + _bump(actions, _MODE)).mean(-1)


def needle_reward(actions: torch.Tensor) -> torch.Tensor:
    """Return a hill in the middle for each agent, and 3 if all agents are in the one far mode (METHOD 4.8).

    Hill of width .4, mode of width .12 at (.6, ..., .6).
    """
    hill = torch.exp(-actions.square().sum(-1) / (2.0 * 0.4**2)).mean(-1)
    return hill + 3.0 * _bump(actions, _MODE).prod(-1)


GAMES = {
    "two_modes": Game(1, two_modes_reward, lambda a: (a[..., 0].abs() - _MODE).abs() < 2.0 * _WIDTH),
    "corners": Game(2, corners_reward, in_corner),
    "needle": Game(2, needle_reward, lambda a: (a - _MODE).norm(dim=-1) < 2.0 * _WIDTH),
}


def exact_marginal(
    game: Game, num_agents: int, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor
) -> torch.Tensor:
    """Average the true reward over the given draws of the other agents (METHOD 2.4).

    Args:
        game: The game, played by S teams side by side.
        num_agents: Agents n of a team; agent i of team s is row s n + i.
        candidates_ABMD: Actions to evaluate.
        others_ABLD: Draws of every agent; an agent's own are not used.

    Returns:
        Qbar_i(a_i). Shape: (A, B, M).
    """
    candidates = candidates_ABMD.unflatten(0, (-1, num_agents))  # (S, n, B, M, D)
    team = others_ABLD.unflatten(0, (-1, num_agents)).permute(0, 2, 3, 1, 4)  # (S, B, L, n, D)
    own = torch.eye(num_agents, dtype=torch.bool, device=team.device).view(1, num_agents, 1, 1, 1, num_agents, 1)
    # row i of the second dimension is the team of agent i, in which its own entry is its candidate
    joint = torch.where(own, candidates[:, :, :, :, None, None, :], team[:, None, :, None])
    return game.reward(joint).mean(-1).flatten(0, 1)
