# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""PPO of skrl behind the interface of our learners."""

import importlib.util
import torch

import pytest
from fakes import FakeEnv
from learners import collect

from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.workflows.baseline import train_baseline

STEPS = 8


def make_rollouts(env, *settings):
    torch.manual_seed(0)
    small = ["algorithm.actor.hidden_dims=[32]", "algorithm.critic.hidden_dims=[32]", f"num_steps_per_env={STEPS}"]
    small.append("algorithm.class_name=ddpl_isaac.baselines.skrl_ppo:SkrlPPO")
    cfg = load_config(None, [f"agent.{setting}" for setting in (*small, f"ppo.rollout_steps={STEPS}", *settings)])
    rollouts = Rollouts(env, cfg, "cpu")
    rollouts.train_mode()
    return rollouts


@pytest.mark.parametrize("algorithm", ["MAPPO", "IPPO"])
def test_unlike_agents_learn_their_targets(algorithm):
    env = FakeEnv(num_envs=64)
    rollouts = make_rollouts(env, f"ppo.algorithm={algorithm}", "ppo.learning_rate=0.003")
    rewards = []
    for _ in range(40):
        rewards.append(collect(rollouts, env, STEPS).item())
        rollouts.update()
    assert sum(rewards[-4:]) / 4 > rewards[0] + 0.15


def test_only_critics_of_mappo_see_the_state():
    def first_layer(algorithm):
        return make_rollouts(FakeEnv(), f"ppo.algorithm={algorithm}").learner.agent.values["cart"].net[0]

    sizes = {algorithm: first_layer(algorithm).in_features for algorithm in ("MAPPO", "IPPO")}
    assert sizes["MAPPO"] == 5  # of the state
    assert sizes["IPPO"] == max(agent.obs_dim for agent in FakeEnv().agents)


def test_a_cut_episode_is_worth_what_its_true_last_observation_is():
    env = FakeEnv(num_envs=8, max_episode_length=3)
    rollouts = make_rollouts(env, "algorithm.normalize_obs=false")
    rollouts.learner.agent.values["cart"].net[-1].bias.data.fill_(5.0)
    obs = env.get_observations()
    with torch.inference_mode():
        for step in range(STEPS):
            obs, rewards, dones, extras = env.step(rollouts.act(obs))
            plain = rewards.clone()
            rollouts.process_env_step(obs, rewards, dones, extras)
            cut = extras["time_outs"].nonzero().flatten()
            kept = rollouts.learner.agent.memories["cart"].get_tensor_by_name("rewards")[step, :, 0]
            others = ~extras["time_outs"]
            torch.testing.assert_close(kept[others], plain[others])
            if len(cut):
                value, _ = rollouts.learner.agent.values["cart"].act(
                    {"states": extras["final_obs"]["state"][cut]}, role="value"
                )
                torch.testing.assert_close(kept[cut], plain[cut] + rollouts.cfg.gamma * value[:, 0])
                break
    assert len(cut)


def test_a_restored_learner_acts_and_goes_on_as_the_saved_one():
    env, other = FakeEnv(num_envs=16), FakeEnv(num_envs=16)
    rollouts = make_rollouts(env)
    for _ in range(3):
        collect(rollouts, env, STEPS)
        rollouts.update()
    restored = make_rollouts(other, "ppo.initial_std=0.1")
    restored.load(rollouts.save())
    restored.eval_mode()
    rollouts.eval_mode()
    obs = env.get_observations()
    actions = []
    for one in (rollouts, restored):
        torch.manual_seed(1)
        actions.append(one.get_policy()(obs))
    assert actions[0].equal(actions[1])
    assert restored.env_steps == rollouts.env_steps == 3 * 16 * STEPS
    assert restored.learning_rate == rollouts.learning_rate != restored.learner.ppo.learning_rate


def test_iterations_gather_until_a_rollout_is_complete():
    env = FakeEnv(num_envs=4)
    rollouts = make_rollouts(env, f"ppo.rollout_steps={3 * STEPS}")
    metrics = []
    for _ in range(6):
        collect(rollouts, env, STEPS)
        metrics.append(rollouts.update())
    assert [bool(entry) for entry in metrics] == [False, False, True] * 2
    assert "PPO/Loss/Value loss (cart)" in metrics[-1]


def test_without_skrl_there_is_a_command_that_installs_it(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "skrl" else find(name))
    with pytest.raises(ConfigError, match=r"uv sync --inexact --extra baselines"):
        train_baseline(CommandLine(None, (), (), None))
