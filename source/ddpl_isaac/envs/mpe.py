# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The multi-agent particle environment: batches of worlds that step, pay and restart in one compiled program."""

from __future__ import annotations

import itertools
import numpy as np
import torch
from collections.abc import Callable, Mapping
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.family import Family
from ddpl_isaac.envs.mpe_physics import STEP_DT, WorldState
from ddpl_isaac.envs.mpe_picture import draw_world
from ddpl_isaac.envs.mpe_worlds import Reference, SpeakerListener, Spread, World
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.runtime.compilation import has_compiler

SPREAD = "MPE-Spread-v0"
TASKS = (SPREAD, "MPE-Reference-v0", "MPE-SpeakerListener-v0")

EPISODE_LENGTH = 25
"""Steps of an episode, which ends by this limit alone."""

_MOST_AGENTS = 24

Outcome = tuple[WorldState, torch.Tensor, list[torch.Tensor], list[torch.Tensor], torch.Tensor, torch.Tensor, dict]


class ParticleEnv(MultiAgentVecEnv):
    """A batch of particle worlds. The team reward is the sum of the agents' rewards, as in published results.

    There is no state beyond the observations.
    """

    step_dt = STEP_DT

    def __init__(
        self,
        task: str,
        world: World,
        num_envs: int,
        device: torch.device | str = "cpu",
        seed: int = 0,
        *,
        compile: str = "auto",
    ) -> None:
        """Create the worlds.

        Args:
            task: Identifier.
            world: Rules of the task.
            num_envs: Number of worlds.
            device: Device of everything.
            seed: Seed of the worlds' random numbers.
            compile: ``auto``: compile the step where there is a compiler; ``eager``: leave it as it is.
        """
        self.task, self.world, self.num_envs, self.device = task, world, num_envs, device
        self._generator = torch.Generator(device).manual_seed(seed)
        ends = list(itertools.accumulate(world.action_dims))
        self.agents = tuple(
            AgentSpec(name, obs_dim, slice(end - size, end), (0.0,) * size, (1.0,) * size)
            for name, obs_dim, size, end in zip(world.names, world.obs_dims, world.action_dims, ends, strict=True)
        )
        self.num_actions, self.state_dim, self.max_episode_length = ends[-1], 0, EPISODE_LENGTH
        self.cfg = {"num_agents": len(self.agents), "compile": compile}
        self._advance: Callable[..., Outcome] = advance
        if compile == "auto" and has_compiler(device):
            self._advance = torch.compile(advance, fullgraph=True, dynamic=False)
        self.reset()

    @torch.inference_mode(False)
    @torch.no_grad()
    def reset(self) -> TensorDict:
        """Start new episodes in all worlds and return the observations."""
        self.state = self.world.draw(self.num_envs, self.device, self._generator)
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self._obs = self.world.observe(self.state)
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        return self._tensordict([entry.clone() for entry in self._obs])

    @torch.inference_mode(False)  # compiled programs would be built twice, for both of the caller's modes
    @torch.no_grad()
    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Apply the joint action (num_envs, num_actions), clipped to its bounds; what is no number becomes 0."""
        actions = torch.nan_to_num(actions.to(self.device), nan=0.0).clamp(0.0, 1.0)
        fresh = self.world.draw(self.num_envs, self.device, self._generator)
        self.state, self.episode_length_buf, self._obs, final, reward, done, metrics = self._advance(
            self.world, self.state, self.episode_length_buf, actions, fresh
        )
        extras = {"time_outs": done.clone(), "final_obs": self._tensordict(final), "metrics": metrics}
        return self.get_observations(), reward, done, extras

    def close(self) -> None:
        """Nothing to free."""

    def picture(self) -> np.ndarray:
        """Return an image of the first world. Shape: (height, width, 3), bytes."""
        return draw_world(self.world, self.state)

    def _tensordict(self, entries: list[torch.Tensor]) -> TensorDict:
        return TensorDict(dict(zip(self.world.names, entries, strict=True)), batch_size=[self.num_envs])


def advance(world: World, state: WorldState, length: torch.Tensor, actions: torch.Tensor, fresh: WorldState) -> Outcome:
    """Step all worlds and start those anew whose episode has ended.

    Args:
        world: Rules of the task.
        state: States before the step.
        length: Steps of the running episodes. Shape: (N,).
        actions: Joint action in [0, 1]. Shape: (N, num_actions).
        fresh: First states for those that start anew.

    Returns:
        States and lengths of the running episodes, their observations, the last observations of the step, the team
        reward (N,), the ends (N,) and the metrics of the step.
    """
    after = world.move(state, actions)
    final = world.observe(after)
    reward, metrics = world.rewards(after).sum(1), world.metrics(after)
    done = length + 1 >= EPISODE_LENGTH
    columns = [done.view(-1, *[1] * (part.ndim - 1)) for part in after]
    going = WorldState(*(torch.where(*parts) for parts in zip(columns, fresh, after, strict=True)))
    return going, torch.where(done, 0, length + 1), world.observe(going), final, reward, done, metrics


def _check(task: str, options: Mapping[str, Any]) -> None:
    """Refuse a number of agents that the world cannot have."""
    if options["compile"] not in ("auto", "eager"):
        raise ConfigError(f"env.compile is '{options['compile']}'; choose of auto, eager.")
    if not 2 <= options.get("num_agents", 2) <= _MOST_AGENTS:
        raise ConfigError(f"env.num_agents is {options['num_agents']}; {task} takes 2 to {_MOST_AGENTS} agents.")


def make_world(task: str, num_agents: int = 3) -> World:
    """Return the rules of a task; only the first of :data:`TASKS` has a number of agents to choose."""
    if task == SPREAD:
        return Spread(num_agents)
    return {"MPE-Reference-v0": Reference, "MPE-SpeakerListener-v0": SpeakerListener}[task]()


def _make(
    task: str,
    num_envs: int,
    device: torch.device | str,
    seed: int,
    *,
    compile: str,
    num_agents: int = 3,
) -> ParticleEnv:
    return ParticleEnv(task, make_world(task, num_agents), num_envs, device, seed, compile=compile)


FAMILY = Family(
    tasks=TASKS,
    make=_make,
    settings=lambda task: f"ddpl_isaac.configs:task/mpe_{'spread' if task == SPREAD else 'language'}.yaml",
    defaults=lambda task: {"compile": "auto", **({"num_agents": 3} if task == SPREAD else {})},
    check=_check,
    has_picture=True,
)
"""The particle worlds."""
