# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""SIGINT and SIGTERM while the real simulator starts, trains and evaluates."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
CART = ["--task", "DDPL-Cart-Pendulum", "--device", "cpu", "--num_envs", "2"]
SMALL = [
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",
    "agent.algorithm.warmup_steps_per_env=8",
    "agent.algorithm.replay.batch_size=16",
    "agent.algorithm.actor_batch_size=4",
]


def signalled(cwd, script, number, word, seconds, *arguments):
    """Run a script, send a signal some time after it printed a word, and return its status and what it printed."""
    output = cwd / f"{script}_{number}.txt"
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *CART, *arguments]
    with output.open("w") as file, subprocess.Popen(command, cwd=cwd, stdout=file, stderr=file) as process:
        while word not in output.read_text():
            assert process.poll() is None, output.read_text()
            time.sleep(0.02)
        time.sleep(seconds)
        process.send_signal(number)
        return process.wait(300), output.read_text()


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGTERM, 0.0), (signal.SIGINT, 0.5)])
def test_while_the_simulator_starts(tmp_path, number, seconds):
    code, printed = signalled(tmp_path, "train", number, "Starting the simulation", seconds, *SMALL)
    assert code == 128 + number, printed
    assert printed.splitlines()[-1] == f"Stopped by {number.name}."
    assert "Traceback" not in printed
    assert not list(tmp_path.glob("logs/ddpl/*/*"))


def test_while_it_trains_and_while_it_evaluates(tmp_path):
    code, printed = signalled(tmp_path, "train", signal.SIGTERM, "iteration 1/", 0.0, *SMALL)
    assert code == 0, printed
    assert "Interrupted and saved after" in printed
    code, printed = signalled(tmp_path, "evaluate", signal.SIGTERM, "Evaluating", 15.0, "--num_episodes", "100000")
    assert code == 128 + signal.SIGTERM, printed
    assert printed.splitlines()[-1] == "Stopped by SIGTERM."
    assert "Traceback" not in printed
    assert not list(tmp_path.glob("logs/ddpl/*/*/evaluation"))
