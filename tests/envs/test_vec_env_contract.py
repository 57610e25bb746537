# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One contract for all environments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import FakeEnv
from vec_env_contract import check_contract

from ddpl_isaac.envs import coordination

TESTS = Path(__file__).parents[1]
ISAAC_LAB_TASKS = {
    "DDPL-Cart-Pendulum": [],
    "DDPL-Shadow-Hands": ["env.episode_length_s=0.5"],
    "unlike_agents:Test-Unlike-Agents": [],
}


@pytest.mark.parametrize("with_state", [True, False])
def test_the_fake_keeps_the_contract(with_state):
    check_contract(FakeEnv(with_state=with_state), max_steps=7)


@pytest.mark.parametrize("task", coordination.TASKS)
def test_coordination_games_keep_the_contract(task):
    check_contract(coordination.make(task, num_envs=5, device="cpu"), max_steps=1)


@pytest.mark.parametrize("task", ISAAC_LAB_TASKS)
def test_tasks_of_isaac_lab_keep_the_contract(task):
    command = [sys.executable, TESTS / "vec_env_contract.py", "--task", task, "--num_envs", "3", *ISAAC_LAB_TASKS[task]]
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("contract kept\n")
