# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task does wrong on the real Isaac Lab ends in one line, once, and leaves no directory without a run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SMALL = [
    "--num_envs",
    "2",
    "--device",
    "cpu",
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",
]


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["env.fail_after=1"], "_get_observations of Odd-Late returned a Tensor of shape (2, 2, 2)"),
        ([], "_get_rewards of Odd-Late returned nothing for 'guide'"),
    ],
    ids=["at the reset", "in the fifth step"],
)
def test_a_task_that_returns_something_wrong_ends_in_one_line(tmp_path, tokens, expected):
    command = [sys.executable, TESTS.parent / "scripts" / "train.py", "--task", "odd_tasks:Odd-Late", *SMALL, *tokens]
    env = os.environ | {"PYTHONPATH": str(TESTS)}
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
    )
    said = result.stdout + result.stderr
    assert result.returncode == 2, said
    assert "Traceback" not in said
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert expected in errors[0]
    assert said.count(errors[0].removeprefix("error: ")) == 1
    assert list(tmp_path.glob("logs/ddpl/*")) == []
