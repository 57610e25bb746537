# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The adapter on a task with unlike agents and numbers that can be worked out by hand."""

import os
import subprocess
import sys
import torch
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "record.pt"
    command = [sys.executable, TESTS / "envs" / "record_unlike_agents.py", path]
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    return torch.load(path, weights_only=False)


def test_agents_of_different_shapes_lie_side_by_side(record):
    pusher, guide = record["agents"]
    assert (pusher.name, pusher.obs_dim, pusher.action_slice) == ("pusher", 3, slice(0, 1))
    assert (guide.name, guide.obs_dim, guide.action_slice) == ("guide", 4, slice(1, 3))
    assert record["state_dim"] == 5
    assert record["max_episode_length"] == 12


def test_bounds_are_those_of_the_space_and_one_where_it_has_none(record):
    pusher, guide = record["agents"]
    assert (pusher.low, pusher.high) == ((-2.0,), (3.0,))
    assert (guide.low, guide.high) == ((-1.0, -1.0), (1.0, 1.0))


def test_the_reward_is_the_mean_over_agents_of_clipped_and_finite_actions(record):
    torch.testing.assert_close(record["steps"][0]["reward"], torch.tensor([(3.0 + 0.5) / 2, (1.0 - 0.25) / 2]))
    taken = record["steps"][0]["obs"]["guide"][:, :3]
    torch.testing.assert_close(taken, torch.tensor([[3.0, 0.5, 0.0], [1.0, -0.25, 1.0]]))


def test_a_failure_is_no_time_out_and_the_end_of_time_is_one(record):
    dones = torch.stack([step["dones"] for step in record["steps"]])
    time_outs = torch.stack([step["extras"]["time_outs"] for step in record["steps"]])
    assert dones[:, 0].nonzero().flatten().tolist() == [4, 9]
    assert dones[:, 1].nonzero().flatten().tolist() == [11]
    assert not time_outs[:, 0].any()
    assert time_outs[:, 1].equal(dones[:, 1])


def test_final_observations_and_state_are_those_before_the_reset(record):
    step = record["steps"][11]
    final = step["extras"]["final_obs"]
    # twelve decisions of two physics steps each, at an acceleration of 1 along x: v += a dt, x += v dt
    substeps, dt = 24, 1 / 120
    travelled = dt * dt * substeps * (substeps + 1) / 2
    torch.testing.assert_close(final["pusher"][1, 0], torch.tensor(travelled), rtol=0.0, atol=2e-3)
    assert final["state"][1, 3] == 12.0
    torch.testing.assert_close(final["state"][1, :3], final["pusher"][1])
    torch.testing.assert_close(final["guide"][1, :3], torch.tensor([1.0, -0.25, 1.0]))
    torch.testing.assert_close(step["obs"]["state"][1], torch.zeros(5))


def test_final_observations_are_there_exactly_when_an_episode_ended(record):
    for step in record["steps"]:
        assert (step["extras"]["final_obs"] is not None) == bool(step["dones"].any())


def test_points_are_where_things_are_now_in_the_frame_of_the_environment(record):
    for step in record["steps"]:
        torch.testing.assert_close(step["extras"]["points"]["box"][:, 0], step["obs"]["pusher"])


def test_metrics_of_an_agent_are_logged_once_and_under_its_name(record):
    logs = [step["extras"]["log"] for step in record["steps"]]
    assert [sorted(log) for log in logs] == [
        ["pusher/resets"] if step["dones"].any() else [] for step in record["steps"]
    ]


def test_the_configuration_declares_the_agents_that_there_are(record):
    assert record["as_declared"]
    assert record["declared"]


def test_a_curriculum_counts_on_in_new_episodes(record):
    assert record["counted"] == 1
    assert record["episode_steps"].tolist() == [0, 0]
    assert record["counted_on"] == 77 + 12


def test_a_task_without_settings_has_none(record):
    assert record["settings"] is None


def test_a_simulator_that_has_nothing_to_do_sleeps(record):
    # a thread of PhysX that looks for work every microsecond would wake more than 10 000 times
    assert record["wakes_per_second"] < 3000
