# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Coordination games: one step, no state, and an optimum that only a joint leap reaches (METHOD 4.8)."""

from __future__ import annotations

import torch
from tensordict import TensorDict

from ddpl_isaac.envs.suite import Suite
from ddpl_isaac.envs.vec_env import AgentSpec, MultiAgentVecEnv

TASKS = ("Coordination-Corners-v0",)

_HILL_WIDTH = 0.4
_CORNER_WIDTH = 0.12
_CORNER = 0.7


def far(actions: torch.Tensor) -> torch.Tensor:
    """Sum of the bumps at the four corners, per agent. Shape: (..., 2) -> (...)."""
    # the sum over the four corners of a product is the product of the sums over the coordinates
    bumps = sum(torch.exp(-(actions - sign * _CORNER).square() / (2.0 * _CORNER_WIDTH**2)) for sign in (-1.0, 1.0))
    return bumps.prod(-1)


def corners_reward(actions: torch.Tensor) -> torch.Tensor:
    """Team reward mean_i[hill(a_i) + 1.5 far(a_i)] + 1.5 prod_i far(a_i) (METHOD 4.8).

    Args:
        actions: One plane per agent. Shape: (..., A, 2).

    Returns:
        Reward, at most about 3 where every agent is in some corner. Shape: (...).
    """
    hill = torch.exp(-actions.square().sum(-1) / (2.0 * _HILL_WIDTH**2))
    bonus = far(actions)
    return (hill + 1.5 * bonus).mean(-1) + 1.5 * bonus.prod(-1)


def in_corner(actions: torch.Tensor) -> torch.Tensor:
    """Whether each agent is within two widths of a corner. Shape: (..., A, 2) -> (..., A)."""
    return (actions.abs() - _CORNER).norm(dim=-1) < 2.0 * _CORNER_WIDTH


class CornersEnv(MultiAgentVecEnv):
    """A hill in the middle pays each agent at once; corners pay more, and most if all agents are in one each."""

    def __init__(self, num_agents: int = 2, num_envs: int = 64, device: torch.device | str = "cpu") -> None:
        """Create the game.

        Raises:
            ValueError: If there is no agent or no environment.
        """
        if num_agents < 1 or num_envs < 1:
            raise ValueError(f"Corners needs at least one agent and one environment, got {num_agents} and {num_envs}.")
        self.task = TASKS[0]
        self.num_envs, self.device, self.num_actions, self.state_dim = num_envs, device, 2 * num_agents, 0
        self.agents = tuple(
            AgentSpec(f"agent_{i}", 1, slice(2 * i, 2 * i + 2), (-1.0, -1.0), (1.0, 1.0)) for i in range(num_agents)
        )
        self.max_episode_length = 1
        self.episode_length_buf = torch.zeros(num_envs, dtype=torch.long, device=device)
        self.cfg = {"num_agents": num_agents}
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
        """Play the game once in every environment. Shape of actions: (num_envs, 2 * num_agents)."""
        planes = actions.clamp(-1.0, 1.0).unflatten(1, (-1, 2))
        corner = in_corner(planes)
        extras = {
            "time_outs": torch.zeros_like(self._done),
            "final_obs": self.get_observations(),
            "metrics": {"success": corner.all(-1).float(), "agents_in_corner": corner.float().mean(-1)},
        }
        return self.get_observations(), corners_reward(planes), self._done.clone(), extras

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return nothing: every step is an episode."""
        return {}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from nothing."""

    def close(self) -> None:
        """Nothing to free."""


SUITE = Suite(
    tasks=TASKS,
    make=lambda task, num_envs, device, seed: CornersEnv(num_envs=num_envs, device=device),  # noqa: ARG005
    settings=lambda _: "ddpl_isaac.configs:task/coordination_corners.yaml",
)
"""The coordination games."""
