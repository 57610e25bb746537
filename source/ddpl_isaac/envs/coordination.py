# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Coordination games: one step, no state, and an optimum that only a joint leap reaches (docs/method.md §5)."""

from __future__ import annotations

import torch
from collections.abc import Callable, Mapping
from functools import partial
from tensordict import TensorDict
from typing import Any, NamedTuple

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.family import Family
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError, UserError

CORNERS, NEEDLE = "Coordination-Corners-v0", "Coordination-Needle-v0"
TASKS = (CORNERS, NEEDLE)

_HILL_WIDTH = 0.4
_MODE_WIDTH = 0.12
_CORNER = 0.7
_NEEDLE = 0.6
_NEEDLE_VALUE = 3.0


class Game(NamedTuple):
    """A game of one step and no state for identical agents, each with a box [-1, 1]^D."""

    action_dim: int
    """Dimensions D of an agent's action."""

    reward: Callable[[torch.Tensor], torch.Tensor]
    """Team reward. Shape: (..., A, D) -> (...)."""

    hit: Callable[[torch.Tensor], torch.Tensor]
    """Whether each agent plays what the game wants to be found. Shape: (..., A, D) -> (..., A)."""


def hill(actions: torch.Tensor, width: float = _HILL_WIDTH) -> torch.Tensor:
    """Bump of height 1 in the middle of the box, per agent. Shape: (..., D) -> (...)."""
    return torch.exp(-actions.square().sum(-1) / (2.0 * width**2))


def far(actions: torch.Tensor) -> torch.Tensor:
    """Sum of the bumps at the four corners, per agent. Shape: (..., 2) -> (...)."""
    # the sum over the four corners of a product is the product of the sums over the coordinates
    low, high = (torch.exp(-(actions - sign * _CORNER).square() / (2.0 * _MODE_WIDTH**2)) for sign in (-1.0, 1.0))
    return (low + high).prod(-1)


def corners_reward(actions: torch.Tensor) -> torch.Tensor:
    """Team reward mean_i[hill(a_i) + 1.5 far(a_i)] + 1.5 prod_i far(a_i) (docs/method.md §5).

    Args:
        actions: One plane per agent. Shape: (..., A, 2).

    Returns:
        Reward, at most about 3 where every agent is in some corner. Shape: (...).
    """
    bonus = far(actions)
    return (hill(actions) + 1.5 * bonus).mean(-1) + 1.5 * bonus.prod(-1)


def in_corner(actions: torch.Tensor) -> torch.Tensor:
    """Whether each agent is within two widths of a corner. Shape: (..., A, 2) -> (..., A)."""
    return (actions.abs() - _CORNER).norm(dim=-1) < 2.0 * _MODE_WIDTH


def needle_reward(actions: torch.Tensor, width: float = _MODE_WIDTH, hill_width: float = _HILL_WIDTH) -> torch.Tensor:
    """Team reward mean_i hill(a_i) + 3 prod_i exp(-|a_i - .6|^2 / (2 width^2)) (docs/method.md §5).

    Args:
        actions: Actions of every agent. Shape: (..., A, D).
        width: Width of the far mode, which pays only if all agents are in it.
        hill_width: Width of the hill in the middle, which pays each agent at once.

    Returns:
        Reward. Shape: (...).
    """
    needle = torch.exp(-(actions - _NEEDLE).square().sum((-2, -1)) / (2.0 * width**2))
    return hill(actions, hill_width).mean(-1) + _NEEDLE_VALUE * needle


def in_needle(actions: torch.Tensor, width: float = _MODE_WIDTH) -> torch.Tensor:
    """Whether each agent is within two widths of the far mode. Shape: (..., A, D) -> (..., A)."""
    return (actions - _NEEDLE).norm(dim=-1) < 2.0 * width


def make_game(task: str, *, action_dim: int = 2, width: float = _MODE_WIDTH, hill_width: float = _HILL_WIDTH) -> Game:
    """Return the rules of a task; all arguments but the first are those of the needle."""
    if task == CORNERS:
        return Game(2, corners_reward, in_corner)
    reward = partial(needle_reward, width=width, hill_width=hill_width)
    return Game(action_dim, reward, partial(in_needle, width=width))


class CoordinationEnv(MultiAgentVecEnv):
    """Any such game, played in many environments at once: an episode is one step."""

    def __init__(
        self,
        task: str = CORNERS,
        num_envs: int = 64,
        device: torch.device | str = "cpu",
        num_agents: int = 2,
        **rules: Any,
    ) -> None:
        """Create the game; ``rules`` are those of :func:`make_game`.

        Raises:
            UserError: If there is no agent or no environment.
        """
        if num_agents < 1 or num_envs < 1:
            raise UserError(f"{task} needs at least one agent and one environment, got {num_agents} and {num_envs}.")
        self.task, self._game = task, make_game(task, **rules)
        dim = self._game.action_dim
        self.num_envs, self.device, self.num_actions, self.state_dim = num_envs, device, dim * num_agents, 0
        self.agents = tuple(
            AgentSpec(f"agent_{i}", 1, slice(dim * i, dim * (i + 1)), (-1.0,) * dim, (1.0,) * dim)
            for i in range(num_agents)
        )
        self.max_episode_length = 1
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long, device=device)
        self.cfg = {"num_agents": num_agents, **rules}
        self._obs = TensorDict(
            {agent.name: torch.ones(num_envs, 1, device=device) for agent in self.agents}, batch_size=[num_envs]
        )
        self._done = torch.ones(num_envs, dtype=torch.bool, device=device)

    def reset(self) -> TensorDict:
        """Return the constant observations."""
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the constant observations. Shape of each: (num_envs, 1)."""
        return self._obs.clone()

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Play the game once in every environment. Shape of actions: (num_envs, num_actions)."""
        joint = actions.clamp(-1.0, 1.0).unflatten(1, (-1, self._game.action_dim))
        hit = self._game.hit(joint)
        extras = {
            "time_outs": torch.zeros_like(self._done),
            "final_obs": self.get_observations(),
            "metrics": {"success": hit.all(-1).float(), "agents_in_mode": hit.float().mean(-1)},
        }
        return self.get_observations(), self._game.reward(joint), self._done.clone(), extras

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return nothing: every step is an episode."""
        return {}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from nothing."""

    def close(self) -> None:
        """Nothing to free."""


def _defaults(task: str) -> dict[str, Any]:
    rules = {"action_dim": 2, "width": _MODE_WIDTH, "hill_width": _HILL_WIDTH}
    return {"num_agents": 2, **(rules if task == NEEDLE else {})}


def _check(task: str, options: Mapping[str, Any]) -> None:
    """Refuse a game without agents, dimensions or width."""
    del task
    for name, value in options.items():
        if value <= 0:
            raise ConfigError(f"env.{name} is {value}; it must be > 0.")


def _make(
    task: str,
    num_envs: int,
    device: torch.device | str,
    seed: int,  # noqa: ARG001, the games have no randomness
    **options: Any,
) -> CoordinationEnv:
    return CoordinationEnv(task, num_envs, device, **options)


FAMILY = Family(
    tasks=TASKS,
    make=_make,
    settings=lambda task: f"ddpl_isaac.configs:task/coordination_{'corners' if task == CORNERS else 'needle'}.yaml",
    defaults=_defaults,
    check=_check,
)
"""The coordination games."""
