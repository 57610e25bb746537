# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The cooperative worlds of the multi-agent particle environment, as pure functions of batches of states.

Observations and rewards are those of mpe2 1.1.1 with continuous actions; the tests compare them step by step.

Shape legend of the docstrings: N environments, A agents, L landmarks, C words of the language.
"""

from __future__ import annotations

import torch
from abc import ABC, abstractmethod

from ddpl_isaac.envs.mpe_physics import WorldState, contact_forces, distances, integrate, push, without_diagonal

_REACHED = 0.1
_MOVE = 5
"""Actions of a body: an idle one, then the pushes to the left, right, down and up."""


def goal_color(goal: torch.Tensor, dark: float) -> torch.Tensor:
    """Return the colour of a goal: half brighter than dark in one of the three channels. Shape: (...) -> (..., 3)."""
    return dark + 0.5 * (goal.unsqueeze(-1) == torch.arange(3, device=goal.device))


class World(ABC):
    """A task: who acts, what moves, what is seen and what is paid."""

    names: tuple[str, ...]
    """Name of every agent."""

    obs_dims: tuple[int, ...]
    """Size of every agent's observation."""

    action_dims: tuple[int, ...]
    """Size of every agent's action; all bounds are 0 and 1."""

    num_landmarks: int
    """Number of landmarks, L."""

    num_words: int = 0
    """Number of words, C."""

    agent_size: float = 0.05
    """Radius of an agent."""

    landmark_colors: torch.Tensor
    """Colours for pictures, each in [0, 1]. Shape: (L, 3)."""

    @abstractmethod
    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Apply the joint action. Shape: (N, Σ action_dims)."""

    @abstractmethod
    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """Return every agent's observation. Shape of each: (N, obs_dim)."""

    @abstractmethod
    def rewards(self, state: WorldState) -> torch.Tensor:
        """Return every agent's reward for the state after the step. Shape: (N, A)."""

    @abstractmethod
    def metrics(self, state: WorldState) -> dict[str, torch.Tensor]:
        """Return what tells how well the task is solved. Shape of each: (N,)."""

    def draw(self, num_envs: int, device: torch.device | str, generator: torch.Generator | None = None) -> WorldState:
        """Draw first states: everything at rest, anywhere in [-1, 1]²."""
        agents = len(self.names)
        places = 2.0 * torch.rand(num_envs, agents + self.num_landmarks, 2, device=device, generator=generator) - 1.0
        return WorldState(
            places[:, :agents],
            torch.zeros(num_envs, agents, 2, device=device),
            places[:, agents:],
            torch.randint(self.num_landmarks, (num_envs, agents), device=device, generator=generator),
            torch.zeros(num_envs, agents, self.num_words, device=device),
        )


class Spread(World):
    """As many landmarks as agents: stand on all of them and do not collide."""

    agent_size = 0.15

    def __init__(self, num_agents: int) -> None:
        """Create the world for a number of agents."""
        self.names = tuple(f"agent_{i}" for i in range(num_agents))
        self.num_landmarks = num_agents
        self.obs_dims = (6 * num_agents,) * num_agents
        self.action_dims = (_MOVE,) * num_agents
        self.landmark_colors = torch.full((num_agents, 3), 0.25)

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the agents, which push each other."""
        force = push(actions.unflatten(1, (-1, _MOVE)))
        return integrate(state, force + contact_forces(state.position, 2.0 * self.agent_size))

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """Velocity, position, the way to the landmarks and to the others, and two silent words of each other."""
        to_landmarks = (state.landmark.unsqueeze(1) - state.position.unsqueeze(2)).flatten(2)
        to_others = without_diagonal(state.position.unsqueeze(1) - state.position.unsqueeze(2)).flatten(2)
        seen = torch.cat((state.velocity, state.position, to_landmarks, to_others, torch.zeros_like(to_others)), dim=2)
        return list(seen.unbind(1))

    def rewards(self, state: WorldState) -> torch.Tensor:
        """Half of minus the distances of the landmarks to their nearest agents, and half of minus one's collisions."""
        nearest = distances(state.position, state.landmark).amin(1).sum(1, keepdim=True)
        return -0.5 * (nearest + self._collisions(state))

    def metrics(self, state: WorldState) -> dict[str, torch.Tensor]:
        """Share of landmarks with an agent within 0.1, whether that is all, and the number of colliding pairs."""
        reached = (distances(state.position, state.landmark).amin(1) < _REACHED).float()
        pairs = 0.5 * self._collisions(state).sum(1)
        return {"success": reached.amin(1), "landmarks_reached": reached.mean(1), "collisions": pairs}

    def _collisions(self, state: WorldState) -> torch.Tensor:
        """Return the number of others that each agent overlaps with. Shape: (N, A)."""
        touching = distances(state.position, state.position) < 2.0 * self.agent_size
        return touching.to(state.position).sum(2) - 1.0  # each one touches itself


class Reference(World):
    """Both agents know where the other one should go, and can tell."""

    names = ("agent_0", "agent_1")
    num_landmarks = 3
    num_words = 10
    obs_dims = (21, 21)
    action_dims = (_MOVE + 10, _MOVE + 10)

    def __init__(self) -> None:
        """Create the world."""
        self.landmark_colors = goal_color(torch.arange(3), 0.25)

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the agents and let them speak."""
        actions = actions.unflatten(1, (2, -1))
        return integrate(state._replace(message=actions[..., _MOVE:]), push(actions[..., :_MOVE]))

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """Velocity, the way to the landmarks, the colour of the other's goal and what the other said."""
        to_landmarks = (state.landmark.unsqueeze(1) - state.position.unsqueeze(2)).flatten(2)
        colors = goal_color(state.goal, 0.25).to(state.position)
        return list(torch.cat((state.velocity, to_landmarks, colors, state.message.flip(1)), dim=2).unbind(1))

    def rewards(self, state: WorldState) -> torch.Tensor:
        """Half of minus the other's distance to its goal, and half of the mean of both."""
        away = self._distance_of_other(state)
        return -0.5 * (away + away.mean(1, keepdim=True))

    def metrics(self, state: WorldState) -> dict[str, torch.Tensor]:
        """Whether both are within 0.1 of their goals, and their mean distance."""
        away = self._distance_of_other(state)
        return {"success": (away.amax(1) < _REACHED).float(), "distance": away.mean(1)}

    @staticmethod
    def _distance_of_other(state: WorldState) -> torch.Tensor:
        """Return how far the other one is from the goal that each agent knows. Shape: (N, A)."""
        goals = state.landmark.take_along_dim(state.goal.unsqueeze(2), dim=1)
        return (state.position.flip(1) - goals).square().sum(2).sqrt()


class SpeakerListener(World):
    """One agent knows the goal and can speak; the other one can move."""

    names = ("speaker_0", "listener_0")
    num_landmarks = 3
    num_words = 3
    obs_dims = (3, 11)
    action_dims = (3, _MOVE)
    agent_size = 0.075

    def __init__(self) -> None:
        """Create the world."""
        self.landmark_colors = goal_color(torch.arange(3), 0.15)

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the listener and let the speaker speak."""
        said = torch.stack((actions[:, :3], torch.zeros_like(actions[:, :3])), dim=1)
        force = torch.nn.functional.pad(push(actions[:, 3:]).unsqueeze(1), (0, 0, 1, 0))
        return integrate(state._replace(message=said), force)

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """See the colour of the goal; the listener's velocity, its way to the landmarks and what was said."""
        color = goal_color(state.goal[:, 0], 0.15).to(state.position)
        to_landmarks = (state.landmark - state.position[:, 1:]).flatten(1)
        return [color, torch.cat((state.velocity[:, 1], to_landmarks, state.message[:, 0]), dim=1)]

    def rewards(self, state: WorldState) -> torch.Tensor:
        """Minus the squared distance of the listener to the goal, for both."""
        return -self._distance(state).square().unsqueeze(1).expand(-1, 2)

    def metrics(self, state: WorldState) -> dict[str, torch.Tensor]:
        """Whether the listener is within 0.1 of the goal, and its distance."""
        away = self._distance(state)
        return {"success": (away < _REACHED).float(), "distance": away}

    @staticmethod
    def _distance(state: WorldState) -> torch.Tensor:
        """Return how far the listener is from the goal. Shape: (N,)."""
        goal = state.landmark.take_along_dim(state.goal[:, :1].unsqueeze(2), dim=1)[:, 0]
        return (state.position[:, 1] - goal).square().sum(1).sqrt()
