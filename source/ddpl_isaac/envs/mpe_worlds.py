# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The cooperative worlds of the multi-agent particle environment, as pure functions of batches of states.

Particles of unit mass move in a plane without units and push each other off by a soft contact. Physics, observations
and rewards are those of mpe2 1.1.1 with continuous actions; the tests compare them step by step.

Shape legend of the docstrings: N environments, A agents, L landmarks, C words of the language.
"""

from __future__ import annotations

import torch
from abc import ABC, abstractmethod
from typing import NamedTuple

STEP_DT = 0.1
"""Time that a step takes."""

_DAMPING = 0.25
_FORCE_OF_ACTION = 5.0
_CONTACT_FORCE = 100.0
_CONTACT_MARGIN = 1e-3
_REACHED = 0.1
_MOVE = 5
"""Actions of a body: an idle one, then the pushes to the left, right, down and up."""


class WorldState(NamedTuple):
    """What changes in a batch of worlds."""

    position: torch.Tensor
    """Shape: (N, A, 2)."""

    velocity: torch.Tensor
    """Shape: (N, A, 2)."""

    landmark: torch.Tensor
    """Positions. Shape: (N, L, 2)."""

    goal: torch.Tensor
    """Index of the landmark that each agent wants another one to be at. Shape: (N, A)."""

    message: torch.Tensor
    """What each agent said in the last step. Shape: (N, A, C)."""


def push(actions: torch.Tensor) -> torch.Tensor:
    """Return the force of the actions (idle, left, right, down, up), each in [0, 1]. Shape: (..., 5) -> (..., 2)."""
    return _FORCE_OF_ACTION * (actions[..., 2::2] - actions[..., 1::2])


def contact_forces(position: torch.Tensor, reach: float) -> torch.Tensor:
    """Return the sum of the forces by which the others push each agent off.

    Args:
        position: Shape: (N, A, 2).
        reach: Distance of two agents at which they touch.

    Returns:
        Force 100 d/|d| m softplus((reach - |d|) / m) of every difference d, with the margin m. Shape: (N, A, 2).
    """
    difference = position.unsqueeze(2) - position.unsqueeze(1)
    # an agent's difference to itself is zero, and so is its force, but its direction must not be 0 / 0
    distance = difference.square().sum(-1, keepdim=True).clamp_min(1e-20).sqrt()
    overlap = torch.nn.functional.softplus((reach - distance) / _CONTACT_MARGIN, threshold=40.0) * _CONTACT_MARGIN
    return (_CONTACT_FORCE * overlap * difference / distance).sum(2)


def integrate(state: WorldState, force: torch.Tensor) -> WorldState:
    """Move with the velocity before the force, then damp and accelerate. Shape of the force: (N, A, 2)."""
    return state._replace(
        position=state.position + STEP_DT * state.velocity,
        velocity=(1.0 - _DAMPING) * state.velocity + STEP_DT * force,
    )


def distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return all distances. Shape: (N, A, 2), (N, L, 2) -> (N, A, L)."""
    return (a.unsqueeze(2) - b.unsqueeze(1)).square().sum(-1).sqrt()


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
    """Colours, each in [0, 1], as agents see them. Shape: (L, 3)."""

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

    def draw(self, num_envs: int, device: torch.device | str) -> WorldState:
        """Draw first states: everything at rest, anywhere in [-1, 1]²."""
        agents = len(self.names)
        places = 2.0 * torch.rand(num_envs, agents + self.num_landmarks, 2, device=device) - 1.0
        return WorldState(
            places[:, :agents],
            torch.zeros(num_envs, agents, 2, device=device),
            places[:, agents:],
            torch.randint(self.num_landmarks, (num_envs, agents), device=device),
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
        self._others = [[j for j in range(num_agents) if j != i] for i in range(num_agents)]

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the agents, which push each other."""
        force = push(actions.unflatten(1, (-1, _MOVE)))
        return integrate(state, force + contact_forces(state.position, 2.0 * self.agent_size))

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """Velocity, position, the way to the landmarks and to the others, and two silent words of each other."""
        to_landmarks = (state.landmark.unsqueeze(1) - state.position.unsqueeze(2)).flatten(2)
        others = state.position[:, self._others]
        to_others = (others - state.position.unsqueeze(2)).flatten(2)
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
        self.landmark_colors = 0.25 + 0.5 * torch.eye(3)

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the agents and let them speak."""
        actions = actions.unflatten(1, (2, -1))
        return integrate(state._replace(message=actions[..., _MOVE:]), push(actions[..., :_MOVE]))

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """Velocity, the way to the landmarks, the colour of the other's goal and what the other said."""
        to_landmarks = (state.landmark.unsqueeze(1) - state.position.unsqueeze(2)).flatten(2)
        colors = self.landmark_colors.to(state.position)[state.goal]
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
        self.landmark_colors = 0.15 + 0.5 * torch.eye(3)

    def move(self, state: WorldState, actions: torch.Tensor) -> WorldState:
        """Push the listener and let the speaker speak."""
        said = torch.stack((actions[:, :3], torch.zeros_like(actions[:, :3])), dim=1)
        force = torch.nn.functional.pad(push(actions[:, 3:]).unsqueeze(1), (0, 0, 1, 0))
        return integrate(state._replace(message=said), force)

    def observe(self, state: WorldState) -> list[torch.Tensor]:
        """See the colour of the goal; the listener's velocity, its way to the landmarks and what was said."""
        color = self.landmark_colors.to(state.position)[state.goal[:, 0]]
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
