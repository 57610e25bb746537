# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A training that is killed, interrupted or runs out of disk can always go on, and loses little."""

import io
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

from training import GAME, iterations_done, start

from ddpl_isaac.runners.checkpoint import CheckpointError, find_checkpoint, load_checkpoint

INTERVAL = 3
NEVER_ENDING = "1000000"


def newest_checkpoint(cwd):
    try:
        return find_checkpoint("latest", cwd / "logs" / "ddpl", GAME).path
    except CheckpointError:
        return None


def wait_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_training_killed_at_random_instants_always_resumes_and_loses_at_most_an_interval(tmp_path):
    draw = random.Random(0)
    while_saving, done = 0, 0
    for kill in range(24):
        resumed = ["--checkpoint", "latest"] if newest_checkpoint(tmp_path) else []
        output = tmp_path / f"{kill}.txt"
        process = start(tmp_path, output, "--max_iterations", NEVER_ENDING, f"agent.save_interval={INTERVAL}", *resumed)
        if kill % 2:  # anywhere from the start on
            wait_until(lambda output=output, process=process: iterations_done(output) or not process.is_alive())
            time.sleep(draw.uniform(0.0, 0.3))
        else:  # in the middle of writing a file
            wait_until(lambda process=process: list(tmp_path.glob("logs/ddpl/*/*/.*.tmp")) or not process.is_alive())
        assert process.is_alive(), output.read_text()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while_saving += bool(list(tmp_path.glob("logs/ddpl/*/*/.*.tmp")))
        for rubbish in tmp_path.glob("logs/ddpl/*/*/.*.tmp"):
            rubbish.unlink()  # so that the next one is seen
        done = max([done, *iterations_done(output)])
        newest = newest_checkpoint(tmp_path)
        saved = load_checkpoint(newest, task=GAME)["iteration"] + 1 if newest else 0
        assert done - saved <= INTERVAL, output.read_text()
        if resumed and iterations_done(output):
            assert iterations_done(output)[0] > 1, "a resumed run goes on counting"
    assert while_saving >= 4, "the instants must be of both kinds"
    assert done > 2 * INTERVAL, "there was progress in between"
    last = start(tmp_path, tmp_path / "last.txt", "--max_iterations", "2", "--checkpoint", "latest")
    last.join(60)
    assert last.exitcode == 0, (tmp_path / "last.txt").read_text()


def test_ctrl_c_finishes_the_iteration_saves_and_says_where(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        output = tmp_path / f"{number}.txt"
        process = start(tmp_path, output, "--max_iterations", NEVER_ENDING, "agent.save_interval=1000000")
        wait_until(lambda output=output: len(iterations_done(output)) > 2)
        os.kill(process.pid, number)
        process.join(60)
        printed = output.read_text()
        assert process.exitcode == 0, printed
        saved = newest_checkpoint(tmp_path)
        assert "Interrupted and saved after" in printed
        assert f"Checkpoint: {saved.relative_to(tmp_path)}" in printed
        assert load_checkpoint(saved, task=GAME)["iteration"] + 1 == iterations_done(output)[-1] > 2


class _InterruptedWhileWriting(io.FileIO):
    """A file whose buffer is in use when Ctrl-C comes."""

    def write(self, data):
        written = super().write(data)
        if b"iteration 2/" in bytes(data):
            os.kill(os.getpid(), signal.SIGINT)
        return written


def _interrupt_while_writing():
    raw = _InterruptedWhileWriting(sys.stdout.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw))


def test_ctrl_c_in_the_middle_of_a_line_is_like_any_other(tmp_path):
    output = tmp_path / "output.txt"
    process = start(tmp_path, output, "--max_iterations", "200", setup=_interrupt_while_writing)
    process.join(60)
    printed = output.read_text()
    assert process.exitcode == 0, printed
    assert "Interrupted and saved after" in printed


def _learners(cwd):
    """Return the processes that take gradient steps for trainings in a directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"learner_process" in (entry / "cmdline").read_bytes() and (entry / "cwd").resolve() == cwd.resolve():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_a_training_with_a_learner_beside_it_is_killed_as_a_whole_and_resumes(tmp_path):
    settings = ["agent.algorithm.overlap_learning=true", "agent.save_interval=1"]
    output = tmp_path / "first.txt"
    first = start(tmp_path, output, "--max_iterations", NEVER_ENDING, *settings)
    wait_until(lambda: len(iterations_done(output)) > 3 or not first.is_alive(), 120)
    assert len(_learners(tmp_path)) == 1, output.read_text()
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    wait_until(lambda: not _learners(tmp_path))
    second = start(tmp_path, tmp_path / "second.txt", "--max_iterations", "2", "--checkpoint", "latest", *settings)
    second.join(120)
    assert second.exitcode == 0, (tmp_path / "second.txt").read_text()
    assert iterations_done(tmp_path / "second.txt")[0] >= iterations_done(output)[-1]
    wait_until(lambda: not _learners(tmp_path))


def test_a_training_whose_learner_is_killed_ends_in_one_line(tmp_path):
    output = tmp_path / "output.txt"
    training = start(tmp_path, output, "--max_iterations", NEVER_ENDING, "agent.algorithm.overlap_learning=true")
    wait_until(lambda: iterations_done(output) or not training.is_alive(), 120)
    (learner,) = _learners(tmp_path)
    os.kill(learner, signal.SIGKILL)
    training.join(60)
    printed = output.read_text()
    assert training.exitcode == 2, printed
    (line,) = (line for line in printed.splitlines() if line.startswith("error: "))
    assert "ended by signal 9" in line
    assert "Traceback" not in printed


def _little_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))


def test_a_full_disk_ends_the_training_in_one_line_and_leaves_what_was_saved(tmp_path):
    first = start(tmp_path, tmp_path / "first.txt", "--max_iterations", "1")
    first.join(60)
    saved = newest_checkpoint(tmp_path)
    assert saved.stat().st_size > 40_000
    before = saved.read_bytes()
    second = start(
        tmp_path, tmp_path / "second.txt", "--max_iterations", "1", "--checkpoint", "latest", setup=_little_disk
    )
    second.join(60)
    printed = (tmp_path / "second.txt").read_text()
    assert second.exitcode == 2, printed
    (line,) = (line for line in printed.splitlines() if line.startswith("error: "))
    assert "model_1.pt could not be written" in line
    assert "Checkpoints saved before are untouched" in line
    assert "Traceback" not in printed
    assert newest_checkpoint(tmp_path) == saved
    assert saved.read_bytes() == before


def test_runs_that_start_at_once_in_the_same_directory_do_not_mix(tmp_path):
    outputs = [tmp_path / f"{number}.txt" for number in range(4)]
    runs = [
        start(tmp_path, output, "--max_iterations", "3", "--seed", str(number)) for number, output in enumerate(outputs)
    ]
    for run in runs:
        run.join(120)
    folders = list(tmp_path.glob("logs/ddpl/coordination_corners/*"))
    assert len(folders) == 4
    seeds = set()
    for folder in folders:
        assert {path.name for path in folder.glob("model_*")} == {"model_0.pt", "model_2.pt"}
        assert len(list(folder.glob("events.out.tfevents*"))) == 1
        (seed,) = (
            line.split()[1] for line in (folder / "params/agent.yaml").read_text().splitlines() if "seed:" in line
        )
        output = (tmp_path / f"{seed}.txt").read_text()
        assert f"Run directory: {folder.relative_to(tmp_path)}" in output
        assert iterations_done(tmp_path / f"{seed}.txt") == [1, 2, 3]
        seeds.add(seed)
    assert len(seeds) == 4
