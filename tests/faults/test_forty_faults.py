# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A run ended by SIGKILL or SIGTERM at random moments of training, saving and evaluating resumes each time."""

import json
import os
import random
import signal
import time

import pytest
from training import GAME, iterations_done, start, start_script

from ddpl_isaac.runners.checkpoint import find_checkpoint, load_checkpoint

RESUME = ["--checkpoint", "latest", "agent.save_interval=1"]


def wait_until(condition, process):
    end = time.monotonic() + 120.0
    while not condition():
        assert process.is_alive()
        assert time.monotonic() < end
        time.sleep(0.001)


def saved_iterations(cwd):
    """Return how many iterations the newest checkpoint holds, after a look at all of it."""
    return load_checkpoint(find_checkpoint("latest", cwd / "logs" / "ddpl", GAME).path, task=GAME)["iteration"] + 1


def break_off(cwd, output, moment, number, delay):
    """End a training, anywhere or in the middle of a write, or an evaluation; return its exit status."""
    if moment == "evaluating":
        endless = ["--task", GAME, "--checkpoint", "latest", "--num_episodes", "10000000"]
        process = start_script("evaluate", cwd, output, *endless)
        wait_until(lambda: output.exists() and "Evaluating" in output.read_text(), process)
    else:
        process = start(cwd, output, "--max_iterations", "1000000", *RESUME)
        wait_until(lambda: iterations_done(output), process)
    if moment == "saving":
        wait_until(lambda: list(cwd.glob("logs/ddpl/*/*/.*.tmp")), process)
    else:
        time.sleep(delay)
    os.kill(process.pid, number)
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("each", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_all_resume(tmp_path, each):
    draw, resumed = random.Random(each), 0
    first = start(tmp_path, tmp_path / "first.txt", "--max_iterations", "2")
    first.join(60)
    faults = [(number, moment) for number in (signal.SIGKILL, signal.SIGTERM) for moment in range(each)]
    draw.shuffle(faults)
    for fault, (number, kind) in enumerate(faults):
        moment = ("training", "saving", "evaluating")[kind % 3]
        before, output = saved_iterations(tmp_path), tmp_path / f"{fault}.txt"
        code = break_off(tmp_path, output, moment, number, draw.uniform(0.0, 0.5))
        printed = output.read_text()
        stops = {"evaluating": 128 + number}.get(moment, 0)
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else stops), printed
        assert "Traceback" not in printed
        # a kill costs what the iteration under way had not saved
        assert saved_iterations(tmp_path) >= max([before, *(done - 1 for done in iterations_done(output))])
        for path in tmp_path.rglob("*.json"):
            json.loads(path.read_text())
        for rubbish in tmp_path.glob("logs/ddpl/*/*/.*.tmp"):
            rubbish.unlink()  # so that the next one is seen
        after = tmp_path / f"after_{fault}.txt"
        done = saved_iterations(tmp_path)
        training = start(tmp_path, after, "--max_iterations", "1", *RESUME)
        training.join(60)
        assert training.exitcode == 0, after.read_text()
        resumed += iterations_done(after) == [done + 1]
    print(f"{resumed} of {len(faults)} resumed")
    assert resumed == len(faults)
