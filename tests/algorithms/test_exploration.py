# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Exploration is measured alike for every learner, and changes nothing."""

import math
import torch
from dataclasses import asdict

import pytest
from fakes import FakeEnv
from host_sync import forbid_host_sync
from learners import SMALL
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ddpl_isaac.algorithms.entropy import nearest_neighbour_entropy
from ddpl_isaac.algorithms.exploration import NUM_SAMPLES, Exploration
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.coordination import CoordinationEnv
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner

SKRL = "agent.algorithm.class_name=ddpl_isaac.baselines.skrl_ppo:SkrlPPO"
CLASSES = ("diffusion", "gaussian_forward_kl", "gaussian_reverse_kl", "gmm")
LEARNERS = {name: [f"agent.algorithm.policy_class={name}"] for name in CLASSES}
LEARNERS |= {name: [SKRL, f"agent.ppo.algorithm={name}", "agent.ppo.rollout_steps=8"] for name in ("MAPPO", "IPPO")}


class MovingEnv(FakeEnv):
    """Its thing is one cell further up after every step, in all environments alike."""

    def step(self, actions):
        obs, reward, dones, extras = super().step(actions)
        places = torch.zeros(self.num_envs, 1, 3)
        places[:, 0, 2] = 0.025 * self.steps_done + 0.0125
        places[1, 0, 0] = math.nan
        return obs, reward, dones, extras | {"points": {"thing": places}}


def make_runner(log_dir, env, *settings):
    cfg = asdict(load_config(None, [*SMALL, "agent.num_steps_per_env=4", "agent.save_interval=100", *settings]))
    return DiffusionActorRunner(env, cfg, str(log_dir) if log_dir else None, "cpu")


def scalars(log_dir):
    events = EventAccumulator(str(log_dir))
    events.Reload()
    return {tag: [event.value for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_learner_logs_visited_cells_and_entropy(learner, tmp_path):
    make_runner(tmp_path, MovingEnv(num_envs=8), *LEARNERS[learner], "agent.save_replay=false").learn(3)
    logged = scalars(tmp_path)
    assert logged["Exploration/thing_cells"] == [4.0, 8.0, 12.0]
    assert len(logged["Exploration/action_entropy"]) == 3
    # three dimensions of [-1, 1]; 32 samples overestimate the uniform distribution somewhat
    assert all(-30.0 < entropy < 3 * math.log(2.0) + 1.0 for entropy in logged["Exploration/action_entropy"])


def test_an_environment_without_points_has_an_entropy_alone(tmp_path):
    make_runner(tmp_path, FakeEnv(num_envs=8)).learn(1)
    assert [tag for tag in scalars(tmp_path) if tag.startswith("Exploration/")] == ["Exploration/action_entropy"]


def test_a_broken_environment_does_not_count(tmp_path):
    env = MovingEnv(num_envs=2, nonfinite_at=(1, 0, "cart"))  # the other one has no place at all
    make_runner(tmp_path, env, "agent.max_broken_share=1").learn(1)
    assert scalars(tmp_path)["Exploration/thing_cells"] == [3.0]


def test_a_run_that_writes_nothing_measures_nothing():
    runner = make_runner(None, MovingEnv(num_envs=8))
    runner.learn(1)
    assert runner.alg.exploration is None
    assert not [tag for tag in runner.logger.latest if tag.startswith("Exploration/")]


def test_a_training_goes_on_as_it_would_without_being_measured(tmp_path):
    weights = []
    for log_dir in (tmp_path, None):
        runner = make_runner(log_dir, MovingEnv(num_envs=8), "agent.save_replay=false")
        runner.learn(4)
        weights.append(torch.cat([parameter.flatten() for parameter in runner.alg.learner.actor.parameters()]))
    assert torch.equal(*weights)


def test_a_resumed_run_counts_on(tmp_path):
    env = MovingEnv(num_envs=8)
    make_runner(tmp_path / "first", env, "agent.save_replay=false").learn(2)
    resumed = make_runner(tmp_path / "second", env, "agent.save_replay=false")
    resumed.load(str(tmp_path / "first" / "model_1.pt"))
    resumed.learn(1)
    assert scalars(tmp_path / "second")["Exploration/thing_cells"] == [12.0]
    player = make_runner(None, MovingEnv(num_envs=8), "agent.save_replay=false")
    player.load(str(tmp_path / "first" / "model_1.pt"))


def test_the_entropy_is_that_of_the_joint_actions_of_the_iteration_without_padding():
    env = FakeEnv(num_envs=3)
    exploration = Exploration(AgentStack(env.agents, env.state_dim), 3, 2, "cpu")
    broken = torch.zeros(3, dtype=torch.bool)
    for _ in range(2):  # an iteration forgets the one before
        actions = torch.rand(2, 3, 2, 2) * 2 - 1  # the cart has one dimension, the pole two
        for step in actions:
            exploration.record(step, {}, broken)
        joint = actions.flatten(0, 1).flatten(1)[:, [0, 2, 3]]
        entropy = exploration.metrics()["Exploration/action_entropy"]
        torch.testing.assert_close(entropy, nearest_neighbour_entropy(joint))
    assert exploration.metrics() == {}


@pytest.mark.parametrize(("num_envs", "num_steps"), [(1, 8), (64, 8), (100, 7), (4096, 8), (7, 2000)])
def test_samples_are_spread_over_environments_and_steps_and_at_most_so_many(num_envs, num_steps, monkeypatch):
    taken = []
    monkeypatch.setattr(
        "ddpl_isaac.algorithms.exploration.nearest_neighbour_entropy", lambda joint: taken.append(joint) or joint.sum()
    )
    env = CoordinationEnv(num_envs=num_envs, num_agents=1)
    exploration = Exploration(AgentStack(env.agents, 0), num_envs, num_steps, "cpu")
    which = torch.arange(float(num_envs))
    for step in range(num_steps):
        played = torch.stack([which, torch.full_like(which, step)], dim=-1).unsqueeze(1)
        exploration.record(played, {}, torch.zeros(num_envs, dtype=torch.bool))
    exploration.metrics()
    (joint,) = taken
    assert min(num_envs * num_steps, NUM_SAMPLES) // 2 < len(joint) <= NUM_SAMPLES
    assert joint.unique(dim=0).shape == joint.shape
    assert joint[:, 0].max() >= 0.9 * (num_envs - 1)
    assert joint[:, 1].max() >= 0.9 * (num_steps - 1)


def test_nothing_waits_for_the_device():
    env = MovingEnv(num_envs=4)
    exploration = Exploration(AgentStack(env.agents, env.state_dim), 4, 4, "cpu")
    points = env.step(torch.zeros(4, 3))[3]["points"]
    actions, broken = torch.zeros(4, 2, 2), torch.zeros(4, dtype=torch.bool)
    with forbid_host_sync():
        with torch.inference_mode():
            for _ in range(4):
                exploration.record(actions, points, broken)
        exploration.metrics()
