# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The environment protocol: rsl_rl's ``VecEnv`` plus named agents, true successors and time-outs."""

from __future__ import annotations

import torch
from abc import abstractmethod
from tensordict import TensorDict
from typing import Any, NamedTuple

from rsl_rl.env import VecEnv

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.identity import describe_environment


class ActionLimits(NamedTuple):
    """What the bounds of actions may be."""

    stand_in: tuple[float, ...] = ()
    """Bounds (low, high) in place of infinite ones; empty: -1 and 1 where both are infinite, an error where one is."""

    largest: float = 1.0e6
    """Largest magnitude of a bound."""


DEFAULT_LIMITS = ActionLimits()
"""Those of the default settings."""


class MultiAgentVecEnv(VecEnv):
    """A batch of cooperative environments that reset in the same step and never hide the true successor.

    Observations are a ``TensorDict`` with one entry per agent, ``<agent>: (num_envs, obs_dim)``, and, where the
    environment has a privileged state, ``"state": (num_envs, state_dim)``. Learners without that entry use the
    concatenation of the observations.

    ``step`` returns the team reward (num_envs,) and the flag of finished episodes (num_envs,). ``extras`` holds

    - ``"time_outs"`` (num_envs,) bool: episodes cut by a limit, whose value must be bootstrapped. Always present.
    - ``"final_obs"`` ``TensorDict`` with the keys of the observations: in rows that finished in this step the true
      last observation of the episode, elsewhere arbitrary. Absent only if no row finished.
    - ``"log"`` (optional) ``dict[str, float | Tensor]``: metrics, averaged over the iteration; keys with ``/`` are
      logged as they are.
    - ``"points"`` (optional) ``dict[str, Tensor]``: by kind, places in the frame of each environment [m], (num_envs, P,
      3), whose coverage a training counts. Where an episode ended they are those of the next one.
    """

    agents: tuple[AgentSpec, ...]
    """The agents, in the order of their slices of the joint action."""

    state_dim: int
    """Size of ``"state"``, or 0 if the environment has none."""

    task: str
    """Identifier under which the environment was made."""

    kind: str = "built-in environment"
    """Where the environment comes from: two of the same identifier and of unlike kinds are not the same."""

    version: str | None = None
    """Version of the rules of the task, if it has one: a checkpoint of another version is refused."""

    packages: tuple[str, ...] = ()
    """Distributions whose version a checkpoint notes."""

    as_declared: bool = False
    """Whether the agents are those that can be read off the settings before the environment runs."""

    @abstractmethod
    def reset(self) -> TensorDict:
        """Start new episodes in all environments and return the observations."""

    def restart(self, rows: torch.Tensor) -> None:
        """Have environments end their episodes in the next step, because they are broken. Nothing by default.

        Args:
            rows: Which ones. Shape: (num_envs,), bool.
        """

    def state_dict(self) -> dict[str, torch.Tensor] | None:
        """Return what another instance needs to go on in the middle of the episodes; None if that is impossible."""
        return None

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        raise NotImplementedError

    def counters(self) -> dict[str, int]:
        """Return what the environment counts over all episodes, such as the steps that a curriculum goes by."""
        return {}

    def load_counters(self, counters: dict[str, int]) -> None:
        """Count on from what :meth:`counters` gave, in new episodes."""

    def identity(self) -> dict[str, Any]:
        """Return who the agents are and what made them, as a checkpoint notes it."""
        identity = describe_environment(self.kind, self.agents, self.state_dim, self.version, self.packages)
        return identity | {"as_declared": self.as_declared}

    @abstractmethod
    def close(self) -> None:
        """Free the simulator. Further calls are an error."""

    def action_bounds(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the lower and upper bounds of the joint action. Shape of each: (num_actions,)."""
        low = [bound for agent in self.agents for bound in agent.low]
        high = [bound for agent in self.agents for bound in agent.high]
        return torch.tensor(low, device=self.device), torch.tensor(high, device=self.device)


def step_duration(env: MultiAgentVecEnv) -> float:
    """Return the simulated duration of a step [s]; 0 for a game."""
    return getattr(getattr(env, "unwrapped", env), "step_dt", 0.0)
