# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A run learns, saves, resumes and is evaluated through rsl_rl's own loop."""

import torch
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

import pytest
from fakes import FakeEnv

from ddpl_isaac.algorithms.soundness import first_nonfinite
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.coordination import CoordinationEnv
from ddpl_isaac.envs.guard import DivergenceError
from ddpl_isaac.runners.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.runners.evaluator import evaluate

SMALL = [
    "agent.num_steps_per_env=4",
    "agent.save_interval=2",
    "agent.algorithm.warmup_steps_per_env=8",
    "agent.algorithm.replay.capacity=4096",
    "agent.algorithm.replay.batch_size=32",
    "agent.algorithm.actor_batch_size=8",
    "agent.algorithm.critic_updates_per_1000=250",
    "agent.algorithm.actor_updates_per_1000=125",
    "agent.algorithm.actor.hidden_dims=[16]",
    "agent.algorithm.critic.hidden_dims=[16]",
    "agent.algorithm.sampler.num_steps=3",
    "agent.algorithm.compile=eager",
]


def make_runner(log_dir, env=None, *overrides):
    cfg = asdict(load_config(None, [*SMALL, *overrides]))
    return DiffusionActorRunner(env or FakeEnv(num_envs=8), cfg, str(log_dir) if log_dir else None, "cpu")


def _num_stored(learner):
    return len(learner.storage)


def test_a_resumed_run_continues_networks_replay_counters_and_random_numbers(tmp_path):
    runner = make_runner(tmp_path)
    runner.learn(4)
    resumed = make_runner(tmp_path / "resumed")
    resumed.load(str(tmp_path / "model_3.pt"))
    assert resumed.current_learning_iteration == 4
    assert resumed.alg.env_steps == runner.alg.env_steps == 4 * 4 * 8
    assert resumed.alg.learner.ask(_num_stored) == runner.alg.learner.ask(_num_stored) >= 4 * 4 * 8
    drawn = torch.rand(3)
    mine, theirs = (one.alg.save()["modules"]["actor"] for one in (runner, resumed))
    assert all(torch.equal(value, theirs[name]) for name, value in mine.items())
    resumed.load(str(tmp_path / "model_3.pt"))
    assert torch.equal(torch.rand(3), drawn)


def test_a_checkpoint_of_another_task_is_refused(tmp_path):
    make_runner(tmp_path).learn(1)
    other = make_runner(None, CoordinationEnv(num_envs=8))
    with pytest.raises(CheckpointError, match="Fake-v0"):
        other.load(str(tmp_path / "model_0.pt"))


def test_the_averaged_and_the_latest_policy_differ_and_act_in_the_environments_units(tmp_path):
    env = FakeEnv(num_envs=8)
    runner = make_runner(tmp_path, env)
    runner.learn(4)
    actions = []
    for averaged in (True, False):
        torch.manual_seed(0)
        actions.append(runner.get_inference_policy(averaged=averaged)(env.get_observations()))
    assert not torch.equal(*actions)
    low, high = env.action_bounds()
    assert (actions[0] >= low).all()
    assert (actions[0] <= high).all()


def test_scalars_of_the_learner_reach_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    make_runner(tmp_path).learn(4)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {"Loss/critic", "ISSM/cart/ess", "ISSM/pole/eta", "Train/mean_reward", "Train/env_steps"} <= tags


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_agents_learn_the_corners_game(seed):
    task = Path(str(files("ddpl_isaac.configs").joinpath("task/coordination_corners.yaml")))
    torch.set_num_threads(1)
    env = CoordinationEnv(num_envs=64)
    cfg = asdict(load_config(task, [f"agent.seed={seed}", "agent.algorithm.compile=eager"]))
    runner = DiffusionActorRunner(env, cfg, None, "cpu")
    before = evaluate(env, runner.get_inference_policy(averaged=False), 640, label="before", seed=seed)
    runner.alg.train_mode()
    runner.learn(cfg["max_iterations"])
    after = evaluate(env, runner.get_inference_policy(), 640, label="after", seed=seed)
    # the hill alone pays 1, both agents in corners 3
    assert before.values["return"].mean() < 0.6
    assert after.values["return"].mean() > 1.5
    assert after.values["success"].mean() > 0.5


DIVERGING = {
    "overlapped": ["agent.algorithm.actor.learning_rate=1e30"],
    "alone": ["agent.algorithm.actor.learning_rate=1e30", "agent.algorithm.overlap_learning=false"],
    "skrl": [
        "agent.algorithm.class_name=ddpl_isaac.baselines.skrl_ppo:SkrlPPO",
        "agent.ppo.learning_rate=1e30",
        "agent.ppo.rollout_steps=8",
        "agent.save_replay=false",
    ],
}


@pytest.mark.parametrize("kind", DIVERGING)
def test_a_run_that_diverges_ends_and_keeps_the_last_sound_checkpoint(tmp_path, kind):
    runner = make_runner(tmp_path, None, *DIVERGING[kind], "agent.save_interval=1")
    with pytest.raises(DivergenceError, match=r"model_\d+\.pt was kept; resume with") as error:
        runner.learn(12)
    saved = sorted(tmp_path.glob("model_*.pt"))
    assert saved
    assert max(saved, key=lambda path: path.stat().st_mtime).name in str(error.value)
    for path in saved:
        assert first_nonfinite(load_checkpoint(path)["algorithm"]) is None


def test_a_checkpoint_that_is_not_finite_is_neither_written_nor_read(tmp_path):
    runner = make_runner(tmp_path, None, "agent.algorithm.overlap_learning=false")
    path = tmp_path / "model_7.pt"
    runner.save(str(path))
    before = path.read_bytes()
    with torch.no_grad():
        next(runner.alg.learner.improvement.averaged.parameters()).view(-1)[0] = float("nan")
    with pytest.raises(DivergenceError, match=r"not saved, as it is not finite, first in 'modules\.averaged"):
        runner.save(str(path))
    assert path.read_bytes() == before
    state = load_checkpoint(path)
    state["algorithm"]["modules"]["obs_normalizer"]["_mean"][0, 0, 0] = float("inf")
    save_checkpoint(path, state, task="Fake-v0")
    with pytest.raises(CheckpointError, match=r"holds numbers that are not finite, first in 'modules\.obs_norm"):
        make_runner(None).load(str(path))
