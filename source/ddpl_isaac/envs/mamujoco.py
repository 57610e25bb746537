# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Multi-agent MuJoCo: the bodies of gymnasium, whose joints belong to several agents, stepped by a pool of threads.

Everything equals ``mamujoco_v1`` of gymnasium-robotics 1.4.2 for the same seeds and actions. To that end every
environment keeps MuJoCo's data to itself, the solver's warm start and the contact forces included, which
``mujoco.rollout`` does not return; ``benchmarks/mamujoco.py`` compares the speeds.
"""

from __future__ import annotations

import numpy as np
import os
import torch
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.family import Family
from ddpl_isaac.envs.mamujoco_bodies import BODIES, Rows, reward, upright
from ddpl_isaac.envs.mamujoco_parts import TASKS, Gather, is_known, make_reference, parse_id
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.seeds import Purpose, derive


class MujocoTeamEnv(MultiAgentVecEnv):
    """A batch of MuJoCo bodies on the CPU. The team reward is the one that all agents share.

    The metric ``distance`` is the x that the body has reached [m].

    Environment i has the random numbers of gymnasium's environment with a seed of its own, derived from all of theirs.
    """

    def __init__(
        self,
        task: str,
        num_envs: int,
        device: torch.device | str = "cpu",
        seed: int = 0,
        *,
        partition: str = "",
        num_threads: int = 0,
    ) -> None:
        """Create the bodies.

        Args:
            task: Identifier.
            num_envs: Number of environments.
            device: Device of what is returned.
            seed: Seed of all environments.
            partition: Joints of the agents, for an id without the name of a partition.
            num_threads: Threads that step the bodies; 0 for one per core.

        Raises:
            ConfigError: If the partition does not give every joint to exactly one agent.
        """
        import mujoco
        from gymnasium.utils.seeding import np_random

        self._mujoco, self.reference = mujoco, make_reference(task, partition)
        self.single = self.reference.single_agent_env.unwrapped
        self.model, self.body = self.single.model, BODIES[parse_id(task)[0]]
        self.task, self.num_envs, self.device = task, num_envs, device
        self.max_episode_length = self.reference.single_agent_env.spec.max_episode_steps
        self.step_dt = self.single.dt
        make_data = mujoco.MjData  # pyright: ignore[reportAttributeAccessIssue]
        self.data = [make_data(self.model) for _ in range(num_envs)]
        self._views = [[getattr(data, name).reshape(-1) for name in self.body.arrays] for data in self.data]
        self._rows = Rows(num_envs, dict(zip(self.body.arrays, map(len, self._views[0]), strict=True)))
        self._gather = Gather(self.reference, self._rows)
        self._generators = [np_random(derive(seed, Purpose.ENVIRONMENT, index=i))[0] for i in range(num_envs)]
        self._describe_agents()
        threads = min(num_threads or len(os.sched_getaffinity(0)), num_envs)
        self._shares = [range(first, num_envs, threads) for first in range(threads)]
        self._pool = ThreadPoolExecutor(threads)
        self.cfg = {"partition": partition, "num_threads": num_threads}
        self.reset()

    def reset(self) -> TensorDict:
        """Start new episodes in all environments and return the observations."""
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self._restart(range(self.num_envs))
        self._obs = self._observe()
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        return self._obs.clone()

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Apply the joint action (num_envs, num_actions), clipped to its bounds; what is no number becomes 0."""
        clipped = torch.nan_to_num(actions.detach(), nan=0.0).cpu().clamp(self._low, self._high)
        controls = np.empty(clipped.shape)
        controls[:, self._actuators] = clipped.numpy()
        before = self.body.place(self.model, self._rows).copy()
        for future in [self._pool.submit(self._advance, share, controls) for share in self._shares]:
            future.result()
        velocity = (self.body.place(self.model, self._rows) - before) / self.step_dt
        rewards = reward(self.body, self._rows, controls, velocity)
        fallen = ~upright(self.body, self._rows) if self.body.height else np.zeros(self.num_envs, dtype=bool)
        lengths = self.episode_length_buf.cpu().numpy() + 1
        done = fallen | (lengths >= self.max_episode_length)
        distance = self._tensor(self.body.place(self.model, self._rows).astype(np.float32))
        extras = {"time_outs": self._tensor(done & ~fallen), "metrics": {"distance": distance}}
        if done.any():
            extras["final_obs"] = self._observe()
            self._restart(np.flatnonzero(done))
        self.episode_length_buf = self._tensor(np.where(done, 0, lengths))
        self._obs = self._observe()
        return self.get_observations(), self._tensor(rewards).float(), self._tensor(done), extras

    def close(self) -> None:
        """Stop the threads and free the renderer."""
        self._pool.shutdown()
        self.reference.close()

    def picture(self) -> np.ndarray:
        """Return an image of the first environment. Shape: (480, 480, 3), bytes."""
        if not os.environ.get("DISPLAY"):
            os.environ.setdefault("MUJOCO_GL", "egl")  # needs no display; read when the first picture is drawn
        self._mujoco.mj_copyData(self.single.data, self.model, self.data[0])
        return self.single.render()

    def _describe_agents(self) -> None:
        """Lay the agents' actions side by side and note which actuators they move."""
        joints = [[node.act_ids for node in part] for part in self.reference.agent_action_partitions]
        self._actuators = [actuator for part in joints for actuator in part]
        self.num_actions, self.state_dim = len(self._actuators), self._gather.sizes[-1]
        specs, start = [], 0
        for name, part, obs_dim in zip(self.reference.possible_agents, joints, self._gather.sizes[:-1], strict=True):
            box = self.reference.action_spaces[name]
            columns = slice(start, start + len(part))
            specs.append(AgentSpec(name, obs_dim, columns, tuple(box.low.tolist()), tuple(box.high.tolist())))
            start = columns.stop
        self.agents = tuple(specs)
        self._low, self._high = (bound.cpu() for bound in self.action_bounds())

    def _restart(self, indices: Sequence[int] | np.ndarray) -> None:
        """Start new episodes as gymnasium does, each environment with its own random numbers."""
        for index in indices:
            self.single.np_random = self._generators[index]
            self.single.reset()
            self._mujoco.mj_copyData(self.data[index], self.model, self.single.data)
            np.concatenate(self._views[index], out=self._rows.matrix[index])

    def _advance(self, indices: Sequence[int], controls: np.ndarray) -> None:
        """Step some environments; MuJoCo lets the other threads run meanwhile."""
        mujoco, model, frames = self._mujoco, self.model, self.single.frame_skip
        needs_forces = "cfrc_ext" in self._rows.blocks
        for index in indices:
            data = self.data[index]
            data.ctrl[:] = controls[index]
            mujoco.mj_step(model, data, frames)
            if needs_forces:
                mujoco.mj_rnePostConstraint(model, data)
            np.concatenate(self._views[index], out=self._rows.matrix[index])

    def _observe(self) -> TensorDict:
        """Return what agents see, and the state, which is gymnasium's observation of the whole body."""
        names = [*self.reference.possible_agents, "state"]
        parts = self._tensor(self._gather(self._rows.matrix)).split(self._gather.sizes, dim=1)
        return TensorDict({n: part.clone() for n, part in zip(names, parts, strict=True)}, batch_size=[self.num_envs])

    def _tensor(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self.device)


def _defaults(task: str) -> dict[str, Any]:
    """Return the settings; a partition by hand goes with an id that names none."""
    by_hand = {} if parse_id(task)[1] else {"partition": ""}
    return {"num_threads": 0, **by_hand}


def _check(task: str, options: Mapping[str, Any]) -> None:
    """Refuse a number of threads or a partition that cannot be used."""
    if options["num_threads"] < 0:
        raise ConfigError(f"env.num_threads is {options['num_threads']}; it must be >= 0, where 0 is one per core.")
    if "partition" in options:
        make_reference(task, options["partition"]).close()


FAMILY = Family(
    tasks=TASKS,
    make=MujocoTeamEnv,
    settings=lambda _: "ddpl_isaac.configs:task/mamujoco.yaml",
    defaults=_defaults,
    check=_check,
    knows=is_known,
    has_picture=True,
    extra=("mamujoco", "gymnasium_robotics"),
)
"""The MuJoCo bodies."""
