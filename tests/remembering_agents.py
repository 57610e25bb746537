# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A task whose observations and state remember: every column is another kind of memory, advanced once per look."""

import functools
import numpy as np
import random
import torch
from collections import deque

import gymnasium as gym
from unlike_agents import UnlikeAgentsEnvCfg

from isaaclab.envs import DirectMARLEnv
from isaaclab.utils import configclass
from isaaclab.utils.buffers import CircularBuffer, DelayBuffer
from isaaclab.utils.noise import GaussianNoiseCfg, NoiseModelWithAdditiveBiasCfg, UniformNoiseCfg

LOOKS = 0
"""Times that observations were computed, in the memory of the module."""


@configclass
class RememberingEnvCfg(UnlikeAgentsEnvCfg):
    possible_agents = ["still", "noisy"]
    action_spaces = {"still": 1, "noisy": 1}
    observation_spaces = {"still": 18, "noisy": 5}
    state_space = 3
    episode_length_s = 10.0
    observation_noise_model = {
        "noisy": NoiseModelWithAdditiveBiasCfg(
            noise_cfg=GaussianNoiseCfg(std=0.1), bias_noise_cfg=UniformNoiseCfg(n_min=-1.0, n_max=1.0)
        )
    }
    endless: bool = False
    """Whether episodes never end; otherwise those of environment i end after 5 + i steps."""


class Slotted:
    __slots__ = ("__count", "last")

    def __init__(self, num_envs):
        self.__count, self.last = 0, torch.zeros(num_envs)

    def advance(self, value):
        self.__count += 1
        before, self.last = self.last, value.clone()
        return before + self.__count


class RememberingEnv(DirectMARLEnv):
    looks_of_class: list = []

    def __init__(self, cfg, render_mode=None, **kwargs):
        super().__init__(cfg, render_mode, **kwargs)
        n = self.num_envs
        self.pos, self.taken, self.last = torch.zeros(n), torch.zeros(n, 2), torch.zeros(n)
        self.stack, self.frames = torch.zeros(n, 3), deque([torch.zeros(n)] * 2, maxlen=2)
        self.newest = self.stack[:, -1]  # a view
        self.history, self.delayed = CircularBuffer(3, n, self.device), DelayBuffer(2, n, self.device)
        self.delayed.set_time_lag(2)
        self.array, self.by_name, self.looks = np.zeros(n, np.float32), {"sum": torch.zeros(n)}, 0
        self.slotted = Slotted(n).advance  # reached by a bound method alone
        self.smoothed = functools.partial(self._smooth, memory=[torch.zeros(n)])
        self.counted = self._counter()
        self.own = np.random.default_rng(3), torch.Generator().manual_seed(4), random.Random(5)
        self.limits = 5 + torch.arange(n)
        self.layer = torch.nn.BatchNorm1d(1)

    @staticmethod
    def _counter():
        count = 0

        def advance():
            nonlocal count
            count += 1
            return count

        return advance

    @staticmethod
    def _smooth(value, memory):
        memory[0] = 0.5 * memory[0] + value
        return memory[0]

    def _pre_physics_step(self, actions):
        self.taken = torch.cat([actions["still"], actions["noisy"]], dim=-1)
        self.pos = self.pos + self.taken.sum(-1)

    def _apply_action(self):
        pass

    def _get_observations(self):
        global LOOKS
        LOOKS += 1
        self.looks += 1
        self.looks_of_class.append(0)
        velocity, self.last = self.pos - self.last, self.pos.clone()
        self.stack[:] = self.stack.roll(-1, 1)
        self.newest.copy_(self.pos)
        self.frames.append(self.pos.clone())
        self.history.append(self.pos[:, None])
        self.array += self.pos.numpy()
        self.by_name["sum"] += self.pos
        self.extras.setdefault("log", {})["looks"] = self.extras.get("log", {}).get("looks", 0) + 1
        counts = [LOOKS, self.looks, len(self.looks_of_class), self.counted(), self.layer.num_batches_tracked]
        columns = [self.pos, velocity, *self.stack.T, self.frames[0], *self.history.buffer.squeeze(-1).T]
        columns += [self.delayed.compute(self.pos[:, None])[:, 0], torch.tensor(self.array), self.by_name["sum"]]
        columns += [self.slotted(self.pos), self.smoothed(self.pos)]
        self.layer(self.pos[:, None])
        still = torch.stack([*columns, *(torch.full_like(self.pos, float(count)) for count in counts[:4])], dim=-1)
        drawn = [np.random.rand(), random.random(), self.own[0].random(), self.own[2].random()]
        drawn.append(torch.rand((), generator=self.own[1]).item() + float(counts[4]))
        return {"still": still, "noisy": torch.tensor(drawn).expand(self.num_envs, -1) + self.pos[:, None]}

    def _get_states(self):
        self.states = getattr(self, "states", 0) + 1
        seen = torch.cat([self.obs_dict["still"][:, 1:2], self.pos[:, None]], dim=-1)
        return torch.cat([seen, torch.full((self.num_envs, 1), float(self.states))], dim=-1)

    def _get_rewards(self):
        return dict.fromkeys(self.possible_agents, self.pos)

    def _get_dones(self):
        ended = (self.episode_length_buf >= self.limits) & (not self.cfg.endless)
        return dict.fromkeys(self.possible_agents, torch.zeros_like(ended)), dict.fromkeys(self.possible_agents, ended)

    def _reset_idx(self, env_ids):
        super()._reset_idx(env_ids)
        if not hasattr(self, "layer"):
            return
        self.pos[env_ids] = torch.rand(len(env_ids))
        self.last[env_ids] = self.pos[env_ids]
        self.stack[env_ids] = 0.0
        self.history.reset(env_ids)
        self.delayed.reset(env_ids)
        self.array[env_ids.numpy()] = 0.0


gym.register(
    id="Test-Remembering-Agents",
    entry_point=f"{__name__}:RememberingEnv",
    disable_env_checker=True,
    kwargs={"env_cfg_entry_point": f"{__name__}:RememberingEnvCfg"},
)
