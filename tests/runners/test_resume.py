# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where the environment can restore its state, a resumed run equals one that was never interrupted, bit for bit."""

import shutil
import torch
from dataclasses import asdict
from pathlib import Path

import pytest
from fakes import FakeEnv
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.coordination import CoordinationEnv
from ddpl_isaac.envs.guard import NonFiniteError
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.storage.checkpoint_file import read_file

SMALL = [
    "agent.num_envs=8",
    "agent.num_steps_per_env=3",
    "agent.save_interval=4",
    "agent.algorithm.warmup_steps_per_env=6",
    "agent.algorithm.replay.capacity=160",  # the rings wrap around
    "agent.algorithm.replay.batch_size=16",
    "agent.algorithm.actor_batch_size=4",
    "agent.algorithm.actor_updates_per_1000=125",  # does not divide the use of candidates
    "agent.algorithm.critic_updates_per_1000=83.4",
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.critic.hidden_dims=[8]",
    "agent.algorithm.issm.reference_window=5",
    "agent.algorithm.issm.num_candidates=8",
    "agent.algorithm.sampler.num_steps=2",
    "agent.algorithm.compile=eager",
]


class CopyingRunner(DiffusionActorRunner):
    """Keeps what lies in the directory of the run at iteration 8, as if it had been killed thereafter."""

    def save(self, path, infos=None):
        super().save(path, infos)
        if path.endswith("model_8.pt"):
            shutil.copytree(Path(path).parent, Path(path).parents[1] / "killed")


def make_runner(env, log_dir, *overrides):
    cfg = asdict(load_config(None, [*SMALL, *overrides]))
    return CopyingRunner(env, cfg, str(log_dir), "cpu")


def leaves(value, where=""):
    """Map the path of every leaf of nested containers to the leaf."""
    if isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: leaf for key, item in items for path, leaf in leaves(item, f"{where}/{key}").items()}
    return {where: value}


def scalars(log_dir):
    events = EventAccumulator(str(log_dir)).Reload()
    tags = [tag for tag in events.Tags()["scalars"] if not tag.startswith("Perf/") and not tag.endswith("/time")]
    return {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in tags}


@pytest.mark.parametrize("overlap", ["true", "false"])
@pytest.mark.parametrize("make_env", [FakeEnv, CoordinationEnv], ids=lambda kind: kind.__name__)
def test_a_resumed_run_equals_the_uninterrupted_one(tmp_path, make_env, overlap):
    settings = f"agent.algorithm.overlap_learning={overlap}"
    whole = make_runner(make_env(num_envs=8), tmp_path / "whole", settings)
    whole.learn(12)
    # a process of its own has drawn other random numbers, and its environments are at other instants
    env = make_env(num_envs=8)
    resumed = make_runner(env, tmp_path / "resumed", settings, "agent.seed=99")
    for _ in range(3):
        env.step(torch.rand(8, env.num_actions))
    resumed.load(str(tmp_path / "killed" / "model_8.pt"))
    resumed.learn(3)

    for name in ("model_11.pt", "replay.pt"):
        kind = "replay" if name == "replay.pt" else "checkpoint"
        files = [tmp_path / run / name for run in ("whole", "resumed")]
        read = [read_file(file, kind=kind, task=None, device="cpu")["state"] for file in files]
        expected, found = (leaves(state) for state in read)
        assert expected.keys() == found.keys()
        different = [
            path
            for path, value in expected.items()
            if "tot_time" not in path.split("/")[-1]
            and not (torch.equal(value, found[path]) if isinstance(value, torch.Tensor) else value == found[path])
        ]
        assert different == []
    expected, found = scalars(tmp_path / "whole"), scalars(tmp_path / "resumed")
    for tag in ("Loss/critic", "Train/mean_reward", "Train/env_steps", "Episode/success"):
        for step in (9, 10, 11):
            assert found[tag].get(step) == expected[tag].get(step), (tag, step)
    assert 9 in expected["Loss/critic"]


def test_without_the_state_of_the_environment_new_episodes_begin(tmp_path):
    class Forgetful(FakeEnv):
        def state_dict(self):
            return None

    make_runner(Forgetful(num_envs=8), tmp_path).learn(2)
    resumed = make_runner(env := Forgetful(num_envs=8), tmp_path / "resumed")
    resumed.load(str(tmp_path / "model_1.pt"))
    assert (env.episode_length_buf == 0).all()
    resumed.learn(1)
    assert resumed.alg.env_steps == 3 * 3 * 8


def test_a_run_outlives_a_broken_environment_and_logs_it(tmp_path):
    make_runner(FakeEnv(num_envs=8, nonfinite_at=(4, 2, "pole")), tmp_path, "agent.max_broken_share=0.2").learn(4)
    logged = scalars(tmp_path)["Faults/broken_envs"]
    assert [logged[step] for step in range(4)] == pytest.approx([0.0, 1 / 3, 0.0, 0.0])


def test_too_many_broken_environments_end_the_run_with_a_snapshot(tmp_path):
    env = FakeEnv(num_envs=8, nonfinite_at=(4, 2, "pole"))
    with pytest.raises(NonFiniteError, match=r"environment 2 .* A snapshot .* is in \S+/nonfinite_0\.pt\."):
        make_runner(env, tmp_path, "agent.max_broken_share=0.1").learn(4)
    snapshot = read_file(tmp_path / "nonfinite_0.pt", kind="snapshot", task="Fake-v0", device="cpu")["state"]
    assert (snapshot["first"]["step"], snapshot["first"]["entries"]) == (4, ["pole"])
    assert snapshot["first"]["before/pole"].isfinite().all()
    assert snapshot["first"]["after/pole"].isnan().all()
    assert "actor" in snapshot["algorithm"]["modules"]
