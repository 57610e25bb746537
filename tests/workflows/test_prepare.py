# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A command becomes an environment, settings and a checkpoint that fit together, before anything runs."""

import pytest
from own_tasks import working_directory_with_tasks

from ddpl_isaac.cli import Parser
from ddpl_isaac.runners import checkpoint
from ddpl_isaac.runners.checkpoint import save_checkpoint
from ddpl_isaac.workflows.prepare import PLAY_ENVS, prepare, prepare_trained

GAME = "Coordination-Corners-v0"
OWN = "own_tasks_here:Own-Task"


def parse(task, *tokens):
    parser = Parser("Test.")
    parser.add_argument("--checkpoint")
    parser.add_video_args()
    return parser.parse(["--task", task, "--device", "cpu", *tokens])


@pytest.fixture
def trained(tmp_path):
    """A checkpoint of the game, with settings of its run beside it."""
    path = tmp_path / "model_3.pt"
    save_checkpoint(path, {}, task=GAME)
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "agent.yaml").write_text("num_envs: 12\nalgorithm:\n  gamma: 0.5\n")
    (tmp_path / "params" / "env.yaml").write_text("num_agents: 5\n")
    return str(path)


def test_the_run_comes_before_the_task_and_the_command_line_before_both(trained):
    prepared, path = prepare_trained(parse(GAME, "--checkpoint", trained, "agent.algorithm.n_step=2"))
    algorithm = prepared.cfg.algorithm
    assert (prepared.cfg.num_envs, algorithm.gamma, algorithm.n_step) == (12, 0.5, 2)
    assert prepared.plan.options["num_agents"] == 5
    assert str(path) == trained
    prepared, _ = prepare_trained(parse(GAME, "--checkpoint", trained, "--num_envs", "3", "env.num_agents=4"))
    assert prepared.cfg.num_envs == 3
    assert prepared.plan.options["num_agents"] == 4


def test_who_learns_nothing_keeps_no_replay_and_starts_no_process(trained):
    acts, _ = prepare_trained(parse(GAME, "--checkpoint", trained), num_envs=PLAY_ENVS)
    learns = prepare(parse(GAME), trained)
    assert acts.cfg.num_envs == PLAY_ENVS
    assert acts.cfg.algorithm.replay.capacity < learns.cfg.algorithm.replay.capacity
    assert not acts.cfg.algorithm.overlap_learning
    assert learns.cfg.algorithm.overlap_learning


def test_a_checkpoint_is_read_once(trained, monkeypatch):
    reads, read_file = [], checkpoint.read_file
    monkeypatch.setattr(checkpoint, "read_file", lambda path, **how: reads.append(path) or read_file(path, **how))
    prepare(parse(GAME), trained)
    assert len(reads) == 1


def test_the_number_of_environments_of_the_task_counts_unless_something_else_says_otherwise(tmp_path):
    with working_directory_with_tasks(tmp_path):
        assert prepare(parse(OWN), None).cfg.num_envs == 4
        assert prepare(parse(OWN, "--num_envs", "9"), None).cfg.num_envs == 9
        assert prepare(parse(OWN, "agent.num_envs=8"), None).cfg.num_envs == 8
    cart = prepare(parse("DDPL-Cart-Pendulum"), None)
    assert cart.plan.own["num_envs"] == 4096
    assert cart.cfg.num_envs == 64, "the task's settings for the learner come before its configuration"
