# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Any ``DirectMARLEnv`` of Isaac Lab behind the environment protocol."""

from __future__ import annotations

import logging
import torch
from collections.abc import Callable, Mapping, Sequence
from tensordict import TensorDict
from typing import Any

import gymnasium as gym

from isaaclab.envs import DirectMARLEnv

from ddpl_isaac.agents import STATE
from ddpl_isaac.envs.isaac_lab.identity import KIND, origin
from ddpl_isaac.envs.isaac_lab.spaces import agent_names, spaces_of_env
from ddpl_isaac.envs.points import points_of
from ddpl_isaac.envs.returned_values import ReturnedValues
from ddpl_isaac.envs.signals import AgentSignals
from ddpl_isaac.envs.task_log import TaskLog
from ddpl_isaac.envs.task_memory import TaskMemory
from ddpl_isaac.envs.vec_env import DEFAULT_LIMITS, ActionLimits, MultiAgentVecEnv
from ddpl_isaac.errors import UserError
from ddpl_isaac.runtime.pinned_arrays import allow_pinned_arrays_without_cuda

logger = logging.getLogger(__name__)

allow_pinned_arrays_without_cuda()


class IsaacLabVecEnv(MultiAgentVecEnv):
    """A ``DirectMARLEnv`` as one cooperative environment.

    The team reward is the mean over the agents' rewards. As in Isaac Lab an episode ends when all agents terminated
    or all agents ran out of time; it counts as cut by a limit if not all agents terminated and the task's horizon is
    infinite. The final observations and the final state are those of the moment before the reset.

    The simulator always runs in inference mode, so that it does not matter in which mode the caller is; what is
    returned belongs to the caller.
    """

    kind = KIND

    check_engine: Callable[[], None] = staticmethod(lambda: None)
    """Raises, after a step, what the engine complained of without ending."""

    def __init__(self, env: gym.Env, task: str, limits: ActionLimits = DEFAULT_LIMITS) -> None:
        """Wrap an environment and start its first episodes.

        Args:
            env: Environment made by gymnasium, possibly in wrappers.
            task: Identifier under which it was made.
            limits: What bounds of actions may be, and what takes the place of infinite ones.

        Raises:
            UserError: If the environment is no ``DirectMARLEnv``, or a space cannot be used.
        """
        unwrapped = env.unwrapped
        if not isinstance(unwrapped, DirectMARLEnv):
            raise UserError(f"'{task}' is a {type(unwrapped).__name__}; only a DirectMARLEnv has several agents.")
        self.env: Any = env  # gymnasium types it for a single agent
        self.unwrapped, self.task = unwrapped, task
        self.cfg = unwrapped.cfg
        # the final observations are captured below, together with the state that Isaac Lab leaves out
        self.cfg.compute_final_obs = False
        self.num_envs, self.device = unwrapped.num_envs, unwrapped.device
        self.max_episode_length = int(unwrapped.max_episode_length)
        spaces = spaces_of_env(unwrapped)
        self.agents, self.state_dim = spaces.agents(limits), spaces.state_dim
        self.num_actions = self.agents[-1].action_slice.stop
        self._names = agent_names(spaces.actions)
        self.version, self.packages = origin(self.cfg, task)
        self._low, self._high = self.action_bounds()
        self._stepping = self._memory_is_covered = False
        self._final_obs: dict[str, torch.Tensor] | None = None
        self._log = TaskLog(task, self._names, self.num_envs, self.device)
        self._returned = ReturnedValues(task, spaces, self.num_envs, self.device)
        self._returned.watch(unwrapped)
        self._reset_idx: Any = unwrapped._reset_idx  # takes tensors, too
        unwrapped._reset_idx = self._capture_and_reset
        self._get_dones, self._restarting = unwrapped._get_dones, torch.zeros(0)
        unwrapped._get_dones = self._dones_with_restarts
        self._obs = self.reset()

    @property
    def signals(self) -> dict[str, AgentSignals]:
        """What the columns mean, by agent, as far as the task tells it."""
        told = getattr(self.unwrapped, "signals", {})
        return {name: told[agent] for agent, name in self._names.items() if agent in told}

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Steps done in the running episodes. Shape: (num_envs,)."""
        return self.unwrapped.episode_length_buf

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Pretend that episodes are older, as rsl_rl does to spread their ends."""
        self.unwrapped.episode_length_buf = value

    def reset(self) -> TensorDict:
        """Start new episodes in all environments and return the observations."""
        with torch.inference_mode():
            obs, _ = self.env.reset()
            entries = self._entries(obs)
        self._obs = self._tensordict(entries)
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        return self._obs.clone()

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Apply the joint action, clipped to its bounds; what is no number becomes 0 before it reaches the physics.

        Args:
            actions: Joint action. Shape: (num_envs, num_actions).

        Returns:
            As in :class:`~ddpl_isaac.envs.vec_env.MultiAgentVecEnv`; ``extras["metrics"]`` holds what the task put
            into its own ``extras["metrics"]`` in this step.

        Raises:
            BufferOverflowError: If a buffer of PhysX on a GPU was too small.
        """
        with torch.inference_mode():
            actions = torch.clamp(torch.nan_to_num(actions, nan=0.0), self._low, self._high)
            self._final_obs = None
            self._log.forget(self.unwrapped.extras)
            self._stepping = True
            try:
                obs, reward, terminated, truncated, extras = self.env.step(
                    {agent: actions[:, spec.action_slice] for agent, spec in zip(self._names, self.agents, strict=True)}
                )
            finally:
                self._stepping = False
            entries = self._entries(obs)
        self.check_engine()
        self._restarting = torch.zeros(0)
        self._obs = self._tensordict(entries)
        failed = _over_agents(terminated).all(0)
        ended = _over_agents(truncated).all(0)
        time_outs = torch.zeros_like(failed) if self.unwrapped.cfg.is_finite_horizon else ended & ~failed
        team_reward = _over_agents(reward).mean(0)
        return self.get_observations(), team_reward, failed | ended, self._extras(extras, time_outs)

    def restart(self, rows: torch.Tensor) -> None:
        """Have environments end their episodes in the next step. Shape of the rows: (num_envs,), bool."""
        self._restarting = rows

    def counters(self) -> dict[str, int]:
        """Return the steps by which curricula go."""
        return {"common_step_counter": int(self.unwrapped.common_step_counter)}

    def load_counters(self, counters: dict[str, int]) -> None:
        """Go on in the phase of the curriculum that the counters tell, in new episodes."""
        steps = counters.get("common_step_counter", 0)
        if steps:
            # with a step that is really taken: tasks rely on what it leaves behind where the counter is not 0
            self.unwrapped.common_step_counter = steps - 1
            self.step(torch.zeros(self.num_envs, self.num_actions, device=self.device))
            self.reset()

    def close(self) -> None:
        """Free the simulator."""
        self.unwrapped._reset_idx, self.unwrapped._get_dones = self._reset_idx, self._get_dones
        self.env.close()

    def _dones_with_restarts(self) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Return what terminated, those that must start anew included, and what ran out of time."""
        terminated, time_outs = self._get_dones()
        if self._restarting.numel():
            terminated = {name: failed | self._restarting for name, failed in terminated.items()}
        return terminated, time_outs

    def _capture_and_reset(self, env_ids: Sequence[int] | torch.Tensor) -> None:
        """Keep the true successors of the episodes that end now; called by Isaac Lab in place of its own reset."""
        if self._stepping:
            entries = self._look_ahead()
            if self._final_obs is None:
                self._final_obs = entries
            else:  # a second reset in the same step, asked for in the viewer
                for name, tensor in entries.items():
                    self._final_obs[name][env_ids] = tensor[env_ids]
        self._reset_idx(env_ids)

    def _look_ahead(self) -> dict[str, torch.Tensor]:
        """Return what would be observed if no episode ended, without the task noticing that it was asked.

        Isaac Lab asks it again after the reset, and what remembers the last step must not advance twice.
        """
        memory = TaskMemory(self.unwrapped, spared=[self])
        seen = self._ask()
        memory.restore()
        if not self._memory_is_covered:
            again = self._ask()
            memory.restore()
            _check_memory(self.task, seen, again)
            self._memory_is_covered = True
        return seen

    def _ask(self) -> dict[str, torch.Tensor]:
        """Have the task compute observations and state, and copy them."""
        self.unwrapped.obs_dict = self.unwrapped._compute_observations()  # a state may be made of them
        return {name: tensor.clone() for name, tensor in self._entries(self.unwrapped.obs_dict).items()}

    def _entries(self, obs: Mapping[Any, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the flat observation of every agent, and the state where there is one of its own."""
        entries = {name: obs[agent] for agent, name in self._names.items()}
        if self.state_dim:
            entries[STATE] = self.unwrapped._get_states()
        return {name: tensor.reshape(self.num_envs, -1).float() for name, tensor in entries.items()}

    def _tensordict(self, entries: dict[str, torch.Tensor]) -> TensorDict:
        """Copy out of the simulator, whose buffers change and are in inference mode."""
        copies = {name: tensor.clone() for name, tensor in entries.items()}
        return TensorDict(copies, batch_size=[self.num_envs], device=self.device)

    def _extras(self, extras: dict[str, Any], time_outs: torch.Tensor) -> dict[str, Any]:
        """Build the protocol's extras from those of Isaac Lab, which are keyed by agent and by whatever tasks add."""
        result = {"time_outs": time_outs, "log": self._log.log(extras), "points": points_of(self.unwrapped)}
        metrics = self._log.metrics(extras)
        if metrics:
            result["metrics"] = metrics
        if self._final_obs is not None:
            result["final_obs"] = self._tensordict(self._final_obs)
        return result


def _check_memory(task: str, seen: dict[str, torch.Tensor], again: dict[str, torch.Tensor]) -> None:
    """Warn if observations that were computed twice, with all memory put back in between, are not the same."""
    unlike = [name for name in seen if not torch.allclose(seen[name], again[name], 1e-4, 1e-6, equal_nan=True)]
    if unlike:
        logger.warning(
            f"What '{unlike[0]}' observes in {task} depends on how often it is computed, by a memory that cannot be put"
            " back: whenever an episode ends, that memory advances twice in all environments. Keep it in attributes of"
            " the environment, as tensors, numbers or containers of these."
        )


def _over_agents(values: dict[str, torch.Tensor]) -> torch.Tensor:
    """Stack one tensor per agent. Shape: (num_agents, num_envs)."""
    return torch.stack(list(values.values()))
