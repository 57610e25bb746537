# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The agents of a task of Isaac Lab, by the spaces that it declares or has."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

import gymnasium as gym

from isaaclab.envs import DirectMARLEnv, DirectMARLEnvCfg
from isaaclab.envs.utils.spaces import spec_to_gym_space

from ddpl_isaac.agents import STATE, AgentSpec
from ddpl_isaac.envs.action_bounds import bounds_of
from ddpl_isaac.envs.vec_env import ActionLimits
from ddpl_isaac.errors import UserError


class TaskSpaces(NamedTuple):
    """Spaces of a task."""

    observations: dict[Hashable, gym.spaces.Box]
    """Space of the observation by agent."""

    actions: dict[Hashable, gym.spaces.Box]
    """Space of the action by agent, a vector."""

    state: gym.spaces.Box | None
    """Space of the state, or None where the concatenated observations serve."""

    def agents(self, limits: ActionLimits) -> tuple[AgentSpec, ...]:
        """Return the agents with their actions side by side.

        Raises:
            UserError: If a bound of an action cannot be scaled; names agent and column.
        """
        specs, start = [], 0
        for agent, name in agent_names(self.actions).items():
            box, obs_dim = self.actions[agent], math.prod(self.observations[agent].shape)
            low, high = bounds_of(name, box, limits)
            specs.append(AgentSpec(name, obs_dim, slice(start, start + len(low)), low, high))
            start += len(low)
        return tuple(specs)

    @property
    def state_dim(self) -> int:
        """Size of the state, or 0."""
        return 0 if self.state is None else math.prod(self.state.shape)


def spaces_of_env(env: DirectMARLEnv) -> TaskSpaces:
    """Return the spaces that an environment has.

    Raises:
        UserError: As :func:`spaces_of_cfg`.
    """
    return _checked(env.cfg.possible_agents, env.observation_spaces, env.action_spaces, _own(env.cfg, env.state_space))


def spaces_of_cfg(cfg: DirectMARLEnvCfg) -> TaskSpaces | None:
    """Return the spaces that a configuration declares, or None if it leaves some to the environment.

    Raises:
        UserError: If two agents share a name, or a space is missing, empty or no ``Box``, or an action no vector.
    """
    declared = cfg.possible_agents, cfg.observation_spaces, cfg.action_spaces, _own(cfg, cfg.state_space)
    return None if any(isinstance(part, type(dataclasses.MISSING)) for part in declared) else _checked(*declared)


def _own(cfg: DirectMARLEnvCfg, state: Any) -> Any:
    """Return the state's space or its specification, or None if the state is no more than the observations."""
    spec = cfg.state_space
    return None if isinstance(spec, int | None) and (spec or 0) <= 0 else state


def _checked(agents: Any, observations: Any, actions: Any, state: Any) -> TaskSpaces:
    """Check spaces, or their specifications."""
    if not isinstance(agents, list | tuple) or not all(isinstance(name, Hashable) for name in agents):
        raise UserError(f"possible_agents of the task is {agents!r}; it must be a list of names.")
    names = list(agents)
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice or not names:
        which = f"{twice[0]!r} twice" if twice else "nobody"
        raise UserError(f"possible_agents of the task names {which}; it must name every agent once.")
    return TaskSpaces(
        {name: _box(f"observation of {name!r}", observations, name) for name in names},
        {name: _vector(f"action of {name!r}", actions, name) for name in names},
        None if state is None else _box("state", {"state": state}, "state"),
    )


def _vector(what: str, spaces: Any, name: Hashable) -> gym.spaces.Box:
    """Return a space of vectors."""
    box = _box(what, spaces, name)
    if len(box.shape) != 1:
        raise UserError(f"The {what} has shape {box.shape}; it must be a vector.")
    return box


def _box(what: str, spaces: Any, name: Hashable) -> gym.spaces.Box:
    """Return a space if it is one of real numbers, of which there is one at least."""
    if not isinstance(spaces, Mapping) or name not in spaces:
        raise UserError(f"The {what} has no space in the task's configuration; it must have one, a Box or its size.")
    try:
        space = spec_to_gym_space(spaces[name])
    except (ValueError, TypeError, AssertionError):
        space = spaces[name]
    if not isinstance(space, gym.spaces.Box):
        raise UserError(
            f"The space of the {what} is {' '.join(str(space).split())}; DDPL needs a Box of real numbers, or its size."
        )
    if not math.prod(space.shape):
        raise UserError(f"The {what} is empty, of shape {space.shape}; without an entry there is nothing to learn.")
    return space


def agent_names(agents: Iterable[Hashable]) -> dict[Hashable, str]:
    """Return the name of every agent as the learner has it: its own, after ``agent_`` where that is taken.

    ``state`` is taken, by the state.
    """
    names: dict[Hashable, str] = {}
    for agent in agents:
        name = str(agent)
        while name == STATE or name in names.values():
            name = f"agent_{name}"
        names[agent] = name
    return names
