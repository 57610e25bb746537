# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Observations that remember advance once per step, and last observations cost them nothing."""

import itertools
import os
import subprocess
import sys
import torch
import types
from pathlib import Path

import pytest
from host_sync import forbid_host_sync

from ddpl_isaac.envs.task_memory import TaskMemory

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder, records = tmp_path_factory.mktemp("record"), {}
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    for mode in ("wrapped", "plain", "endless"):
        command = [sys.executable, TESTS / "envs" / "record_remembering_agents.py", mode, folder / f"{mode}.pt"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=env)
        assert result.returncode == 0, result.stdout + result.stderr
        records[mode] = torch.load(folder / f"{mode}.pt", weights_only=False)
        records[f"{mode} said"] = result.stdout + result.stderr
    return records


def test_all_observations_and_states_are_bit_by_bit_those_of_the_plain_environment(records):
    for step, (row, plain) in enumerate(zip(records["wrapped"], records["plain"], strict=True)):
        for name in ("still", "noisy", "state"):
            torch.testing.assert_close(row[name], plain[name], rtol=0.0, atol=0.0, msg=f"{name} in step {step}")
    assert sum(int(row["dones"].sum()) for row in records["wrapped"][1:]) > 8


def test_final_observations_and_states_are_those_of_episodes_that_go_on(records):
    ended = [row["dones"] for row in records["wrapped"][1:8]]
    assert torch.stack(ended).nonzero().tolist() == [[4, 0], [5, 1], [6, 0], [6, 1], [6, 2], [6, 3]]
    # environment 2 ends in the step in which the viewer resets the others
    for step, env in ((5, 0), (6, 1), (7, 2), (7, 3)):
        final, endless = records["wrapped"][step]["final"], records["endless"][step]
        for name in ("still", "state"):
            torch.testing.assert_close(final[name][env], endless[name][env], rtol=0.0, atol=0.0)


def test_what_is_logged_while_looking_is_logged_once(records):
    assert all(row["log"]["looks"] == 1 for row in records["wrapped"][1:])


def test_memory_that_is_put_back_is_nothing_to_warn_of(records):
    assert "advances twice" not in records["wrapped said"]


def test_a_memory_that_cannot_be_put_back_is_warned_of(caplog):
    from ddpl_isaac.envs.isaac_lab.vec_env import _check_memory

    task = types.SimpleNamespace(device="cpu", hidden=itertools.count(), plain=0)

    def ask():
        task.plain += 1
        return {"arm": torch.tensor([[float(next(task.hidden)), float(task.plain)]])}

    memory = TaskMemory(task)
    seen = ask()
    memory.restore()
    again = ask()
    assert (seen["arm"] - again["arm"]).tolist() == [[-1.0, 0.0]]
    _check_memory("My-Task", seen, seen)
    assert not caplog.text
    _check_memory("My-Task", seen, again)
    assert "What 'arm' observes in My-Task depends on how often it is computed" in caplog.text


def test_restoring_keeps_views_and_identities():
    buffer = torch.zeros(3, 2)
    task = types.SimpleNamespace(device="cpu", buffer=buffer, column=buffer[:, 0], wide=buffer[:1].expand(4, 2))
    memory = TaskMemory(task)
    task.column.add_(1.0)
    task.buffer, task.new = torch.ones(3, 2), 1
    memory.restore()
    assert task.buffer is buffer
    assert not hasattr(task, "new")
    assert not buffer.any()
    buffer[0] = 2.0
    assert task.column[0] == 2.0
    assert task.wide.sum() == 16.0


def test_nothing_waits_for_the_device():
    task = types.SimpleNamespace(device="cpu", buffer=torch.zeros(3), generator=torch.Generator())
    with forbid_host_sync():
        TaskMemory(task).restore()
