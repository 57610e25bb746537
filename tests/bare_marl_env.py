# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A ``DirectMARLEnv`` with Isaac Lab's own step, reset and spaces around a simulation in which there is nothing.

What is tested with it is what tasks return. Physics, and all that needs a scene, is tested on the real simulator.
"""

import torch
from types import SimpleNamespace

from isaaclab.envs import DirectMARLEnv, DirectMARLEnvCfg
from isaaclab.scene import InteractiveSceneCfg


def bare_cfg(actions, observations, state=0, *, num_envs=2, episode_length=4, agents=None):
    cfg = DirectMARLEnvCfg()
    cfg.decimation, cfg.sim.dt, cfg.episode_length_s = 1, 1.0, float(episode_length)
    cfg.scene = InteractiveSceneCfg(num_envs=num_envs, env_spacing=1.0)
    cfg.possible_agents = list(actions) if agents is None else agents
    cfg.action_spaces, cfg.observation_spaces, cfg.state_space = actions, observations, state
    return cfg


class BareMarlEnv(DirectMARLEnv):
    """Counts steps: an observation and a state hold the step of the episode, the reward is minus the actions' mean.

    Every answer passes through ``answer(what, value)``, which a test may replace.
    """

    def __init__(self, cfg):
        nothing = SimpleNamespace(
            num_envs=cfg.scene.num_envs, update=self._nothing, write_data_to_sim=self._nothing, reset=self._nothing
        )
        self.cfg, self.scene, self._is_closed = cfg, nothing, True
        self.sim = SimpleNamespace(
            device="cpu", is_rendering=False, step=self._nothing, consume_reset_request=lambda: False
        )
        self._physics_handles_decimation, self.render_mode, self.video_recorders = False, None, []
        self._sim_step_counter = self.common_step_counter = 0
        self.extras = {agent: {} for agent in cfg.possible_agents}
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long)
        self.reset_buf = torch.zeros(self.num_envs, dtype=torch.bool)
        self._configure_env_spaces()
        self.answer = lambda what, value: value  # noqa: ARG005
        self.failures = {}

    def _nothing(self, *_, **__):
        pass

    def _pre_physics_step(self, actions):
        self.actions = actions

    def _apply_action(self):
        pass

    def _step_of_episode(self, shape):
        return self.episode_length_buf.float().view(-1, *[1] * len(shape)).expand(self.num_envs, *shape).clone()

    def _get_observations(self):
        values = {agent: self._step_of_episode(space.shape) for agent, space in self.observation_spaces.items()}
        return self.answer("observations", values)

    def _get_states(self):
        return self.answer("states", self._step_of_episode(self.state_space.shape))

    def _get_rewards(self):
        self.extras["log"] = self.answer("log", {"step": self.episode_length_buf.float()})
        self.extras["metrics"] = self.answer("metrics", {"length": self.episode_length_buf.float()})
        return self.answer("rewards", {agent: -action.mean(1) for agent, action in self.actions.items()})

    def _get_dones(self):
        late = self.episode_length_buf >= self.max_episode_length
        failed = torch.zeros_like(late)
        failed[self.failures.get(self.common_step_counter, [])] = True
        dones = [dict.fromkeys(self.possible_agents, flag) for flag in (failed, late)]
        return self.answer("terminated", dones[0]), self.answer("truncated", dones[1])
