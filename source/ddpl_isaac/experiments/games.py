# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Stateless games of known reward, with exact values of an action: no critic can be to blame (docs/method.md §5).

Shapes: S seeds, n agents, A = S n, B batches, M candidates, L draws of the others, D action.
"""

from __future__ import annotations

import torch

from ddpl_isaac.envs.coordination import CORNERS, NEEDLE, Game, corners_reward, in_corner, make_game
from ddpl_isaac.models.critic_inputs import average_draws

_MODE, _WIDTH = 0.6, 0.12
_TARGET, _EFFORT = 0.8, 1.0
_TOLERANCE = 0.1


def _bump(action: torch.Tensor, centre: float) -> torch.Tensor:
    """Gaussian bump of height 1. Shape: (..., D) -> (...)."""
    return torch.exp(-(action - centre).square().sum(-1) / (2.0 * _WIDTH**2))


def two_modes_reward(actions: torch.Tensor) -> torch.Tensor:
    """Two equal bumps at -.6 and .6, of width .12, mean over the agents (docs/method.md §5)."""
    return (_bump(actions, -_MODE) + _bump(actions, _MODE)).mean(-1)


def climb_reward(actions: torch.Tensor) -> torch.Tensor:
    """Reward a summit at .6 that costs who is there alone, and a little a safe place at -.6 (docs/method.md §5).

    8 prod_i b_i - 8 (mean_i b_i - prod_i b_i) + 2 mean_i c_i, with bumps b at .6 and c at -.6.
    Shape: (..., n, 1) -> (...).
    """
    summit, safe = _bump(actions, _MODE), _bump(actions, -_MODE)
    together = summit.prod(-1)
    return 8.0 * together - 8.0 * (summit.mean(-1) - together) + 2.0 * safe.mean(-1)


def effort_reward(actions: torch.Tensor) -> torch.Tensor:
    """Team reward -(mean_i a_i - t)^2 - c mean_i a_i^2, t = .8, c = 1: effort for a common aim (docs/method.md §5).

    It is strictly concave and the potential of the game, so that its maximum, all at t / (1 + c) = .4, is the only
    Nash equilibrium. Shape: (..., n, 1) -> (...).
    """
    action = actions.squeeze(-1)
    return -(action.mean(-1) - _TARGET).square() - _EFFORT * action.square().mean(-1)


def effort_nash_gap(actions: torch.Tensor) -> torch.Tensor:
    """Most that an agent gains in the game of effort by its best response to the others' policies, mean over agents.

    Qbar_i is quadratic with curvature -2 (1 / n^2 + c / n) and maximum b_i = (t - E[sum of others] / n) / (1 / n + c),
    so that the gap of agent i is (1 / n^2 + c / n) E (a_i - b_i)^2.

    Args:
        actions: Joint actions, drawn from the policies. Shape: (..., draws, n, 1).

    Returns:
        Gap. Shape: (...).
    """
    action = actions.squeeze(-1)
    n, mean = action.shape[-1], action.mean(-2, keepdim=True)
    others = mean.sum(-1, keepdim=True) - mean
    best = ((_TARGET - others / n) / (1.0 / n + _EFFORT)).clamp(-1.0, 1.0)
    gain = (1.0 / n**2 + _EFFORT / n) * (action - best).square()
    return gain.mean((-2, -1))


GAMES = {
    "two_modes": Game(1, two_modes_reward, lambda a: (a[..., 0].abs() - _MODE).abs() < 2.0 * _WIDTH),
    "corners": make_game(CORNERS),
    "corners_6d": Game(6, corners_reward, in_corner),
    "needle": make_game(NEEDLE),
    "needle_6d": make_game(NEEDLE, action_dim=6),
    "climb": Game(1, climb_reward, lambda a: (a[..., 0] - _MODE).abs() < 2.0 * _WIDTH),
    "effort": Game(1, effort_reward, lambda a: (a[..., 0] - _TARGET / (1.0 + _EFFORT)).abs() < _TOLERANCE),
}


def exact_marginal(
    game: Game, num_agents: int, candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor, *, rule: str = "mean"
) -> torch.Tensor:
    """Average the true reward over the given draws of the other agents (docs/method.md §3).

    Args:
        game: The game, played by S teams side by side.
        num_agents: Agents n of a team; agent i of team s is row s n + i.
        candidates_ABMD: Actions to evaluate.
        others_ABLD: Draws of every agent; an agent's own are not used.
        rule: How to average over the draws, ``mean`` or ``lse``.

    Returns:
        Qbar_i(a_i). Shape: (A, B, M).
    """
    candidates = candidates_ABMD.unflatten(0, (-1, num_agents))  # (S, n, B, M, D)
    team = others_ABLD.unflatten(0, (-1, num_agents)).permute(0, 2, 3, 1, 4)  # (S, B, L, n, D)
    own = torch.eye(num_agents, dtype=torch.bool, device=team.device).view(1, num_agents, 1, 1, 1, num_agents, 1)
    # row i of the second dimension is the team of agent i, in which its own entry is its candidate
    joint = torch.where(own, candidates[:, :, :, :, None, None, :], team[:, None, :, None])
    return average_draws(game.reward(joint), rule).flatten(0, 1)
