# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Any ``DirectMARLEnv`` of Isaac Lab behind the environment protocol."""

from __future__ import annotations

import logging
import math
import torch
from collections.abc import Sequence
from tensordict import TensorDict
from typing import Any

import gymnasium as gym

from isaaclab.envs import DirectMARLEnv

from ddpl_isaac.envs.pinned_arrays import allow_pinned_arrays_without_cuda
from ddpl_isaac.envs.task_memory import TaskMemory
from ddpl_isaac.envs.vec_env import AgentSpec, MultiAgentVecEnv
from ddpl_isaac.errors import UserError

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

    def __init__(self, env: gym.Env, task: str) -> None:
        """Wrap an environment and start its first episodes.

        Args:
            env: Environment made by gymnasium, possibly in wrappers.
            task: Identifier under which it was made.

        Raises:
            UserError: If the environment is no ``DirectMARLEnv``, or a space is no ``Box``.
        """
        unwrapped = env.unwrapped
        if not isinstance(unwrapped, DirectMARLEnv):
            raise UserError(f"'{task}' is a {type(unwrapped).__name__}; only a DirectMARLEnv has several agents.")
        self.env, self.unwrapped, self.task = env, unwrapped, task
        self.cfg = unwrapped.cfg
        # the final observations are captured below, together with the state that Isaac Lab leaves out
        self.cfg.compute_final_obs = False
        self.num_envs, self.device = unwrapped.num_envs, unwrapped.device
        self.max_episode_length = int(unwrapped.max_episode_length)
        self.agents = _agent_specs(unwrapped)
        self.num_actions = self.agents[-1].action_slice.stop
        self._has_state = _has_own_state(unwrapped)
        self.state_dim = math.prod(_box("the state", unwrapped.state_space).shape) if self._has_state else 0
        self._low, self._high = self.action_bounds()
        self._stepping = self._memory_is_covered = False
        self._final_obs: dict[str, torch.Tensor] | None = None
        self._reset_idx = unwrapped._reset_idx
        unwrapped._reset_idx = self._capture_and_reset
        self._get_dones, self._restarting = unwrapped._get_dones, torch.zeros(0)
        unwrapped._get_dones = self._dones_with_restarts
        self._obs = self.reset()

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Steps done in the running episodes. Shape: (num_envs,)."""
        return self.unwrapped.episode_length_buf

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:
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
        """
        with torch.inference_mode():
            actions = torch.clamp(torch.nan_to_num(actions, nan=0.0), self._low, self._high)
            self._final_obs = None
            _forget_logs(self.unwrapped.extras)
            self._stepping = True
            try:
                obs, reward, terminated, truncated, extras = self.env.step(
                    {agent.name: actions[:, agent.action_slice] for agent in self.agents}
                )
            finally:
                self._stepping = False
            entries = self._entries(obs)
        self._restarting = torch.zeros(0)
        self._obs = self._tensordict(entries)
        failed = _over_agents(terminated).all(0)
        ended = _over_agents(truncated).all(0)
        time_outs = torch.zeros_like(failed) if self.cfg.is_finite_horizon else ended & ~failed
        team_reward = _over_agents(reward).float().mean(0)
        return self.get_observations(), team_reward, failed | ended, self._extras(extras, time_outs)

    def restart(self, rows: torch.Tensor) -> None:
        """Have environments end their episodes in the next step. Shape of the rows: (num_envs,), bool."""
        self._restarting = rows

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

    def _entries(self, obs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Return the flat observation of every agent, and the state where there is one of its own."""
        entries = {agent.name: obs[agent.name] for agent in self.agents}
        if self._has_state:
            entries["state"] = self.unwrapped._get_states()
        return {name: tensor.reshape(self.num_envs, -1).float() for name, tensor in entries.items()}

    def _tensordict(self, entries: dict[str, torch.Tensor]) -> TensorDict:
        """Copy out of the simulator, whose buffers change and are in inference mode."""
        copies = {name: tensor.clone() for name, tensor in entries.items()}
        return TensorDict(copies, batch_size=[self.num_envs], device=self.device)

    def _extras(self, extras: dict[str, Any], time_outs: torch.Tensor) -> dict[str, Any]:
        """Build the protocol's extras from those of Isaac Lab, which are keyed by agent and by whatever tasks add."""
        log = dict(extras.get("log") or {})
        for agent in self.agents:
            agent_log = extras.get(agent.name, {}).get("log", {})
            log |= {f"{agent.name}/{key.lstrip('/')}": value for key, value in agent_log.items()}
        result = {"time_outs": time_outs, "log": log}
        if "metrics" in extras:
            result["metrics"] = {key: value.clone() for key, value in extras["metrics"].items()}
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


def _forget_logs(extras: dict[str, Any]) -> None:
    """Drop the metrics of the step before, which Isaac Lab keeps and which would count again."""
    extras["log"] = {}
    for agent_extras in extras.values():
        if isinstance(agent_extras, dict):
            agent_extras.pop("log", None)


def _over_agents(values: dict[str, torch.Tensor]) -> torch.Tensor:
    """Stack one tensor per agent. Shape: (num_agents, num_envs)."""
    return torch.stack(list(values.values()))


def _has_own_state(env: DirectMARLEnv) -> bool:
    """Tell whether the state is more than the concatenation of the observations, which learners build themselves."""
    spec = env.cfg.state_space
    return env.state_space is not None and not (isinstance(spec, int) and spec < 0)


def _agent_specs(env: DirectMARLEnv) -> tuple[AgentSpec, ...]:
    """Lay the agents' actions side by side; a bound that is missing is -1 or 1."""
    specs, start = [], 0
    for name in env.cfg.possible_agents:
        obs_dim = math.prod(_box(f"the observation of '{name}'", env.observation_spaces[name]).shape)
        box = _box(f"the action of '{name}'", env.action_spaces[name])
        if len(box.shape) != 1:
            raise UserError(f"The action of '{name}' has shape {box.shape}; it must be a vector.")
        low = tuple(float(bound) if math.isfinite(bound) else -1.0 for bound in box.low)
        high = tuple(float(bound) if math.isfinite(bound) else 1.0 for bound in box.high)
        specs.append(AgentSpec(str(name), obs_dim, slice(start, start + len(low)), low, high))
        start += len(low)
    return tuple(specs)


def _box(what: str, space: gym.Space | None) -> gym.spaces.Box:
    """Return the space if it is one of real vectors.

    Raises:
        UserError: If it is not.
    """
    if not isinstance(space, gym.spaces.Box):
        raise UserError(f"The space of {what} is {space}; DDPL needs a Box.")
    return space
