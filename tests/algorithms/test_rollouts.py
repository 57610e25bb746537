# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

# ruff: noqa: ARG002, ARG003

"""Rollouts pass on what the environments did, and ask nothing of a learner but its interface."""

import torch

import pytest
from fakes import FakeEnv
from learners import SMALL, collect

from ddpl_isaac.algorithms import rollouts as module
from ddpl_isaac.algorithms.learner import Learner
from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.config.loader import load_config


class Recorder(Learner):
    """Acts by zeros and keeps what it is told."""

    saved_as = "Recorder"

    def __init__(self, stack, num_envs, cfg, device):
        self.stack, self.cfg, self.num_envs = stack, cfg.algorithm, num_envs
        self.begun, self.steps, self.updates = [], [], []

    @classmethod
    def shaped_by(cls, cfg):
        return ()

    def begin(self, obs_NAO, state_NS):
        self.begun.append(obs_NAO)

    def act(self, obs):
        return torch.zeros(self.num_envs, *self.stack.action_mask.shape)

    def record(self, step):
        self.steps.append(step)

    def update(self, env_steps, *, critics_alone=False):
        self.updates.append((env_steps, critics_alone))
        return {}

    def train_mode(self): ...

    def eval_mode(self): ...

    def save(self):
        return {"counters": {"mine": 3}}

    def load(self, state, *, strict=True):
        self.loaded = state


def make(monkeypatch, env, *settings):
    monkeypatch.setattr(module, "make_learner", Recorder)
    return Rollouts(env, load_config(None, [*SMALL, *settings]), "cpu")


def test_actions_are_uniform_until_warm_up_is_over_and_the_learners_then(monkeypatch):
    env = FakeEnv(num_envs=8)
    rollouts = make(monkeypatch, env, "agent.algorithm.warmup_steps_per_env=2")
    collect(rollouts, env, 3)
    warm, warmer, own = (step.action for step in rollouts.learner.steps)
    assert warm.abs().max() > 0.1
    assert warmer.abs().max() > 0.1
    assert not own.any()
    assert not (warm * (1 - rollouts.stack.action_mask)).any()  # padding


@pytest.mark.parametrize("num_envs", [1, 8, 64])
def test_warm_up_is_as_long_for_each_environment_whatever_their_number(monkeypatch, num_envs):
    env = FakeEnv(num_envs=num_envs)
    rollouts = make(monkeypatch, env, "agent.algorithm.warmup_steps_per_env=2")
    warm = []
    for _ in range(4):
        warm.append(rollouts.warming_up)
        collect(rollouts, env, 1)
    assert warm == [True, True, False, False]


def test_warm_up_counts_the_steps_of_a_rank_where_there_are_several(monkeypatch):
    monkeypatch.setattr("ddpl_isaac.algorithms.rollouts.num_ranks", lambda: 4)
    env = FakeEnv(num_envs=8)
    rollouts = make(monkeypatch, env, "agent.algorithm.warmup_steps_per_env=2")
    collect(rollouts, env, 1)
    assert rollouts.env_steps == 32
    assert rollouts.warming_up
    collect(rollouts, env, 1)
    assert not rollouts.warming_up


def test_actors_rest_during_warm_up(monkeypatch):
    env = FakeEnv(num_envs=8)
    rollouts = make(monkeypatch, env, "agent.algorithm.warmup_steps_per_env=2")
    for _ in range(3):
        collect(rollouts, env, 1)
        rollouts.update()
    assert rollouts.learner.updates == [(8, True), (16, False), (24, False)]


def test_a_learner_without_warm_up_acts_from_the_first_step(monkeypatch):
    env = FakeEnv(num_envs=8)
    rollouts = make(monkeypatch, env)
    rollouts.learner.warms_up = False
    collect(rollouts, env, 1)
    assert not rollouts.learner.steps[0].action.any()


def test_finished_episodes_come_with_their_true_successors(monkeypatch):
    env = FakeEnv(num_envs=4, max_episode_length=3)
    rollouts = make(monkeypatch, env)
    obs = env.get_observations()
    with torch.inference_mode():
        while True:
            obs, reward, done, extras = env.step(rollouts.act(obs))
            rollouts.process_env_step(obs, reward, done, extras)
            if done.any():
                break
    step, rows = rollouts.learner.steps[-1], done.bool()
    final = rollouts.stack.observations(extras["final_obs"])
    assert torch.equal(step.final_obs[rows], final[rows])
    assert not torch.equal(step.final_obs[rows], step.obs[rows])
    assert torch.equal(step.time_out, extras["time_outs"].bool())


def test_what_is_saved_counts_the_environment_steps_and_restoring_begins_episodes_anew(monkeypatch):
    env = FakeEnv(num_envs=8)
    rollouts = make(monkeypatch, env)
    collect(rollouts, env, 2)
    state = rollouts.save()
    assert state == {"counters": {"env_steps": 16, "mine": 3}}
    restored = make(monkeypatch, env)
    restored.load(state)
    assert restored.env_steps == 16
    assert restored.learner.loaded == state
    assert restored.learner.begun == []
    collect(restored, env, 2)
    assert len(restored.learner.begun) == 1
