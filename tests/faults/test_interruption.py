# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""SIGINT and SIGTERM at any moment end a script with the status, the line and the files that they should leave."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from training import GAME, SCRIPTS, SMALL, iterations_done, start, start_script

from ddpl_isaac.runners.checkpoint import find_checkpoint, load_checkpoint

SIGNALS = [signal.SIGINT, signal.SIGTERM]
NEVER_ENDING = ["--max_iterations", "1000000"]
OVERLAP = "agent.algorithm.overlap_learning=true"


def wait_until(condition, process, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert process.is_alive(), "it ended before the signal"
        assert time.monotonic() < end
        time.sleep(0.002)


def below(cwd):
    """Return the command lines of the processes that work in a directory or below it, by their number."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            where = (entry / "cwd").resolve()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if where.is_relative_to(cwd.resolve()) and state != "Z" and int(entry.name) != os.getpid():
            found[int(entry.name)] = (entry / "cmdline").read_bytes()
    return found


def assert_stopped(cwd, process, output, number):
    """The process ended at once, with one line, and left nothing."""
    process.join(30)
    printed = output.read_text()
    assert process.exitcode == 128 + number, printed
    assert "Traceback" not in printed
    assert "Error" not in printed
    assert [line for line in printed.splitlines() if line.startswith("Stopped by")] == [
        f"Stopped by {signal.Signals(number).name}."
    ]
    assert below(cwd) == {}
    assert not list(cwd.rglob(".*tmp*"))


def assert_saved(cwd, process, output):
    process.join(60)
    printed = output.read_text()
    assert process.exitcode == 0, printed
    assert "Interrupted and saved after" in printed
    saved = find_checkpoint("latest", cwd / "logs" / "ddpl", GAME).path
    assert load_checkpoint(saved, task=GAME)["iteration"] + 1 == iterations_done(output)[-1]
    end = time.monotonic() + 30.0
    while below(cwd):  # the learner sees that nobody asks any more
        assert time.monotonic() < end


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A directory with a run of the game."""
    cwd = tmp_path_factory.mktemp("trained")
    training = start(cwd, cwd / "train.txt", "--max_iterations", "2")
    training.join(60)
    assert training.exitcode == 0, (cwd / "train.txt").read_text()
    return cwd


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("seconds", [0.15, 0.5, 1.5, 3.0])
def test_while_the_script_imports(tmp_path, number, seconds):
    output = tmp_path / "output.txt"
    command = [sys.executable, str(SCRIPTS / "train.py"), "--task", GAME, *SMALL, *NEVER_ENDING, OVERLAP]
    with output.open("w") as file, subprocess.Popen(command, cwd=tmp_path, stdout=file, stderr=file) as process:
        time.sleep(seconds)
        process.send_signal(number)
        code = process.wait(30)
    printed = output.read_text()
    assert code == (0 if "Interrupted and saved" in printed else 128 + number), printed  # a machine may be very fast
    assert "Traceback" not in printed
    assert below(tmp_path) == {}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_while_the_process_of_the_learner_starts(tmp_path, number, seconds):
    output = tmp_path / "output.txt"
    process = start(tmp_path, output, *NEVER_ENDING, OVERLAP)
    wait_until(lambda: b"learner_process" in b"".join(below(tmp_path).values()), process)
    time.sleep(seconds)
    os.kill(process.pid, number)
    assert_stopped(tmp_path, process, output, number)
    assert not list(tmp_path.glob("logs/ddpl/*/*")), "a run that never began leaves no directory"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_child_has_given_back_its_memory_when_the_script_is_gone(tmp_path, number):
    child = "import time; held = b'x' * (1 << 30); print('ready', flush=True); time.sleep(1000)"
    script = (
        "from ddpl_isaac.interruption import watch; import subprocess, sys, time; watch()\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(30) == 128 + number
        assert below(tmp_path) == {}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("settings", [[], [OVERLAP]], ids=["alone", "overlap"])
def test_in_an_iteration(tmp_path, number, settings):
    output = tmp_path / "output.txt"
    process = start(tmp_path, output, *NEVER_ENDING, "agent.save_interval=1000000", *settings)
    wait_until(lambda: len(iterations_done(output)) > 2, process)
    os.kill(process.pid, number)
    assert_saved(tmp_path, process, output)


@pytest.mark.parametrize("number", SIGNALS)
def test_while_a_checkpoint_is_written(tmp_path, number):
    output = tmp_path / "output.txt"
    process = start(tmp_path, output, *NEVER_ENDING, "agent.save_interval=1")
    wait_until(lambda: iterations_done(output) and list(tmp_path.glob("logs/ddpl/*/*/.*.tmp")), process)
    os.kill(process.pid, number)
    assert_saved(tmp_path, process, output)


@pytest.mark.parametrize("number", SIGNALS)
def test_twice_stops_a_training_at_once_and_names_the_newest_checkpoint(tmp_path, number):
    output = tmp_path / "output.txt"
    # an iteration takes minutes, so that only the second signal can be what ends it
    process = start(tmp_path, output, *NEVER_ENDING, "agent.num_steps_per_env=1000000", "agent.save_interval=1")
    wait_until(lambda: "Run directory" in output.read_text() if output.exists() else False, process)
    time.sleep(1.0)
    os.kill(process.pid, number)
    wait_until(lambda: "Once more to stop at once." in output.read_text(), process)
    os.kill(process.pid, number)
    process.join(30)
    printed = output.read_text()
    assert process.exitcode == 128 + number
    assert f"Stopped by {signal.Signals(number).name}. Nothing was saved. Newest checkpoint: none." in printed
    assert "Traceback" not in printed
    assert below(tmp_path) == {}


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("script", "arguments"),
    [("evaluate", ["--num_episodes", "1000000", "--num_envs", "2"]), ("play", ["--num_steps", "100000000"])],
)
@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_while_a_team_acts(trained, tmp_path, number, script, arguments, seconds):
    output = tmp_path / "output.txt"
    (checkpoint,) = trained.glob("logs/ddpl/*/*/model_1.pt")
    given = ["--task", GAME, "--checkpoint", str(checkpoint), *arguments]
    process = start_script(script, tmp_path, output, *given)
    wait_until(lambda: output.exists() and "ing " in output.read_text(), process)
    time.sleep(seconds)
    os.kill(process.pid, number)
    assert_stopped(tmp_path, process, output, number)
    assert not (checkpoint.parent / "evaluation").exists()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_grid_takes_its_cells_with_it_and_their_trainings_save(tmp_path, number):
    (tmp_path / "grid.yaml").write_text(
        f"studies: [{{task: {GAME}, method: diffusion, seed: [1, 2]}}]\n"
        f"settings: {json.dumps([*SMALL[2:], 'agent.num_envs=8', 'agent.max_iterations=1000000'])}\n"
    )
    output = tmp_path / "output.txt"
    process = start_script("suite", tmp_path, output, "grid.yaml", "--jobs", "2")
    logs = tmp_path / "logs" / "suite" / "grid"
    wait_until(lambda: sum(bool(iterations_done(log)) for log in logs.glob("*.log")) == 2, process)
    os.kill(process.pid, number)
    assert_stopped(tmp_path, process, output, number)
    for log in logs.glob("*.log"):
        assert "Interrupted and saved after" in log.read_text()
        assert "Traceback" not in log.read_text()
    assert not list(logs.glob("*.json")), "half a training is no result"


def test_a_cell_whose_training_alone_is_ended_fails_instead_of_judging_half_of_it(tmp_path):
    settings = [*SMALL[2:], "agent.num_envs=8", "agent.max_iterations=1000000"]
    (tmp_path / "grid.yaml").write_text(
        f"studies: [{{task: {GAME}, method: diffusion}}]\nsettings: {json.dumps(settings)}\n"
    )
    output = tmp_path / "output.txt"
    process = start_script("suite", tmp_path, output, "grid.yaml", f"--cell={GAME}_diffusion_seed1")
    wait_until(lambda: iterations_done(output), process)
    (training,) = (pid for pid, command in below(tmp_path).items() if b"train.py" in command)
    os.kill(training, signal.SIGTERM)
    process.join(60)
    printed = output.read_text()
    assert process.exitcode == 2, printed
    assert "error: train.py ended early, with 9999" in printed
    assert not list(tmp_path.rglob("evaluation.json"))


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("baseline", ["--task", GAME]),
        ("export", ["--task", GAME]),
        ("plot", ["--suite", ".", "--output", "figure.png"]),
        ("suite", ["grid.yaml"]),
    ],
)
def test_while_the_other_scripts_import(tmp_path, script, arguments):
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=60)[0].decode()
    assert process.returncode == 128 + signal.SIGTERM, printed
    assert printed == "Stopped by SIGTERM.\n"
    assert list(tmp_path.iterdir()) == []
