# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One contract for all environments."""

import os
import subprocess
import sys
import torch
from pathlib import Path

import pytest
from fakes import FakeEnv
from vec_env_contract import check_contract, check_obs

from ddpl_isaac.envs.registry import find_family

TESTS = Path(__file__).parents[1]
ISAAC_LAB_TASKS = {
    "DDPL-Cart-Pendulum": [],
    "DDPL-Shadow-Hands": ["env.episode_length_s=0.5"],
    "unlike_agents:Test-Unlike-Agents": [],
}
FAMILY_TASKS = [
    ("Coordination-Corners-v0", {"num_agents": 3}),
    ("Coordination-Needle-v0", {"num_agents": 4, "action_dim": 3, "width": 0.2}),
    ("MPE-Spread-v0", {"compile": "eager", "num_agents": 4}),
    ("MPE-Reference-v0", {"compile": "eager"}),
    ("MPE-SpeakerListener-v0", {"compile": "eager"}),
    ("MaMuJoCo-HalfCheetah-2x3-v0", {}),
    ("MaMuJoCo-Ant-4x2-v0", {}),
    ("SMAX-3m-v0", {"decode": "released"}),
]


@pytest.mark.parametrize("with_state", [True, False])
def test_the_fake_keeps_the_contract(with_state):
    check_contract(FakeEnv(with_state=with_state), max_steps=7)


@pytest.mark.parametrize(("task", "options"), FAMILY_TASKS)
def test_tasks_of_the_families_keep_the_contract(task, options):
    family = find_family(task)
    if family.extra:
        pytest.importorskip(family.extra[1])
    options = family.defaults(task) | options
    env = family.make(task, 3, "cpu", 1, **options)
    try:
        check_contract(env, max_steps=int(env.max_episode_length))
        check_obs(env, env.step(torch.full((3, env.num_actions), float("nan")))[0])
    finally:
        env.close()


@pytest.mark.parametrize("task", ISAAC_LAB_TASKS)
def test_tasks_of_isaac_lab_keep_the_contract(task):
    command = [sys.executable, TESTS / "vec_env_contract.py", "--task", task, "--num_envs", "3", *ISAAC_LAB_TASKS[task]]
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=env)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("contract kept\n")
