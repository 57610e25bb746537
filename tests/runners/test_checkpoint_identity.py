# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A checkpoint goes on only with the agents and the networks that it was trained with, and with the settings given."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import asdict

import pytest
from fakes import FakeEnv

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import UserError
from ddpl_isaac.runners.checkpoint import CheckpointError, checkpoint_header, load_checkpoint, save_checkpoint
from ddpl_isaac.runners.checkpoint_identity import check_header
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner

SMALL = [
    "agent.num_envs=4",
    "agent.num_steps_per_env=2",
    "agent.algorithm.warmup_steps_per_env=0",
    "agent.algorithm.replay.capacity=64",
    "agent.algorithm.replay.batch_size=8",
    "agent.algorithm.actor_batch_size=4",
    "agent.algorithm.actor_updates_per_1000=125",
    "agent.algorithm.critic_updates_per_1000=125",
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.critic.hidden_dims=[8]",
    "agent.algorithm.issm.num_candidates=8",
    "agent.algorithm.sampler.num_steps=2",
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",
]
SKRL = "agent.algorithm.class_name=ddpl_isaac.baselines.skrl_ppo:SkrlPPO"
CART, POLE = FakeEnv().agents


class Curriculum(FakeEnv):
    """Counts its steps, and starts new episodes when it is told to count on; cannot go on in the middle of them."""

    common_steps = 0

    def step(self, actions):
        self.common_steps += 1
        return super().step(actions)

    def counters(self):
        return {"common_steps": self.common_steps}

    def load_counters(self, counters):
        self.common_steps = counters["common_steps"]
        self.reset()

    def state_dict(self):
        return None


def make_runner(log_dir, *overrides, env=None):
    cfg = asdict(load_config(None, [*SMALL, *overrides]))
    return DiffusionActorRunner(env or FakeEnv(), cfg, str(log_dir) if log_dir else None, "cpu")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    make_runner(folder).learn(1)
    return folder / "model_0.pt"


def wider(agent, **changes):
    return dataclasses.replace(agent, **changes)


OTHERS = {
    "renamed": ((wider(CART, name="wagon"), POLE), 5, "agents were cart, pole (now wagon, pole)"),
    "reordered": (
        (wider(POLE, action_slice=slice(0, 2)), wider(CART, action_slice=slice(2, 3))),
        5,
        "agents were cart, pole (now pole, cart)",
    ),
    "one less": ((CART,), 5, "agents were cart, pole (now cart)"),
    "below the padding": ((CART, wider(POLE, obs_dim=2)), 5, "observation of 'pole' had size 3 (now 2)"),
    "fewer actions": (
        (CART, wider(POLE, action_slice=slice(1, 2), low=(-2.0,), high=(2.0,))),
        5,
        "action of 'pole' had size 2 (now 1)",
    ),
    "bounds": (
        (CART, wider(POLE, high=(2.0, 1.25))),
        5,
        "upper action bounds of 'pole' were [2.0, 1.5] (now [2.0, 1.25])",
    ),
    "state": ((CART, POLE), 6, "the state had size 5 (now 6)"),
    "no state": ((CART, POLE), 0, "the state had size 5 (now 0)"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_other_agents_are_refused_with_every_difference(checkpoint, other):
    env = FakeEnv()
    env.agents, env.state_dim, expected = OTHERS[other]
    with pytest.raises(CheckpointError) as caught:
        check_header(
            checkpoint_header(checkpoint), checkpoint, env.task, env.identity(), asdict(load_config(None, SMALL))
        )
    assert expected in str(caught.value)
    assert str(checkpoint) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_runner_compares_before_it_loads(checkpoint):
    env = FakeEnv()
    env.agents = OTHERS["renamed"][0]
    env.get_observations = lambda: FakeEnv().get_observations().rename_key_("cart", "wagon")
    with pytest.raises(CheckpointError, match="now wagon, pole"):
        make_runner(None, env=env).load(str(checkpoint))


@pytest.mark.parametrize(("name", "value"), [("version", "2"), ("kind", "Isaac Lab task")])
def test_another_version_or_origin_of_the_task_is_refused(checkpoint, name, value):
    env = FakeEnv()
    setattr(env, name, value)
    with pytest.raises(CheckpointError, match=f"now {value}"):
        make_runner(None, env=env).load(str(checkpoint))


def test_other_versions_of_packages_are_a_warning(checkpoint, caplog):
    identity = FakeEnv().identity()
    assert {"gymnasium"} <= set(identity["packages"])
    identity["packages"]["gymnasium"] = "0.0.1"
    with caplog.at_level(logging.WARNING):
        check_header(checkpoint_header(checkpoint), checkpoint, "Fake-v0", identity, asdict(load_config(None, SMALL)))
    assert "(now 0.0.1)" in caplog.text


@pytest.mark.parametrize(
    ("token", "field"),
    [
        ("agent.algorithm.actor.hidden_dims=[16]", "'algorithm.actor.hidden_dims' is [16], but was [8]"),
        ("agent.algorithm.actor.observation_dims=[8]", "'algorithm.actor.observation_dims' is [8], but was []"),
        ("agent.algorithm.actor.time_features=4", "'algorithm.actor.time_features' is 4, but was 64"),
        ("agent.algorithm.actor.action_features=4", "'algorithm.actor.action_features' is 4, but was 64"),
        ("agent.algorithm.critic.hidden_dims=[16]", "'algorithm.critic.hidden_dims' is [16], but was [8]"),
        ("agent.algorithm.critic.action_features=4", "'algorithm.critic.action_features' is 4, but was 0"),
        ("agent.algorithm.critic.kind=local", "'algorithm.critic.kind' is local, but was factored"),
        ("agent.algorithm.policy_class=gmm", "'algorithm.policy_class' is gmm, but was diffusion"),
        ("agent.algorithm.normalize_obs=false", "'algorithm.normalize_obs' is False, but was True"),
        (SKRL, "'algorithm.class_name' is a SkrlPPO, but the checkpoint"),
    ],
)
def test_settings_of_other_networks_are_refused_by_name(checkpoint, token, field):
    with pytest.raises(CheckpointError) as caught:
        make_runner(None, token).load(str(checkpoint))
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_that_shape_nothing_may_change(checkpoint):
    make_runner(None, "agent.algorithm.sampler.num_steps=3", "agent.algorithm.gamma=0.5").load(str(checkpoint))


def test_a_checkpoint_that_does_not_tell_is_loaded(checkpoint, tmp_path):
    state = load_checkpoint(checkpoint)
    state.pop("counters")
    save_checkpoint(tmp_path / "model_0.pt", state, task="Fake-v0")
    assert "environment" not in checkpoint_header(tmp_path / "model_0.pt")
    runner = make_runner(None)
    runner.load(str(tmp_path / "model_0.pt"))
    assert runner.alg.env_steps == 8


@pytest.mark.parametrize("overlap", ["true", "false"])
def test_a_new_learning_rate_is_used(checkpoint, tmp_path, overlap):
    rates = ["agent.algorithm.actor.learning_rate=0.5", "agent.algorithm.critic.learning_rate=0.25"]
    runner = make_runner(tmp_path, *rates, f"agent.algorithm.overlap_learning={overlap}")
    runner.load(str(checkpoint))
    optimizers = runner.alg.save()["optimizers"]
    assert optimizers["actor"]["param_groups"][0]["lr"] == 0.5
    assert optimizers["critic"]["param_groups"][0]["lr"] == 0.25


def test_a_new_learning_rate_of_a_baseline_is_used_and_an_old_one_goes_on_where_the_kl_left_it(tmp_path):
    runner = make_runner(tmp_path, SKRL, "agent.save_replay=false")
    for optimizer in runner.alg.learner.agent.optimizers.values():
        optimizer.param_groups[0]["lr"] = 0.125
    runner.save(str(tmp_path / "model_0.pt"))
    for tokens, expected in (([], 0.125), (["agent.ppo.learning_rate=0.5"], 0.5)):
        resumed = make_runner(None, SKRL, "agent.save_replay=false", *tokens)
        resumed.load(str(tmp_path / "model_0.pt"))
        assert resumed.alg.learning_rate == expected


def test_a_resumed_run_is_in_the_phase_of_the_curriculum_in_which_it_stopped(tmp_path):
    make_runner(tmp_path, env=Curriculum()).learn(3)
    env = Curriculum()
    runner = make_runner(tmp_path / "resumed", env=env)
    runner.load(str(tmp_path / "model_2.pt"))
    assert env.common_steps == 6
    assert (env.episode_length_buf == 0).all()
    played = Curriculum()
    make_runner(None, env=played).load(str(tmp_path / "model_2.pt"))
    assert played.common_steps == 6


def test_no_agent_of_any_environment_has_the_name_of_the_state():
    with pytest.raises(UserError, match="An agent is called 'state'"):
        AgentSpec("state", 1, slice(0, 1), (-1.0,), (1.0,))
