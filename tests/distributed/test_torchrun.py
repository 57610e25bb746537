# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Trainings that torchrun starts: who writes, what resumes, and what happens when a rank is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from training import GAME, SMALL

from ddpl_isaac.runners.checkpoint import load_checkpoint

ROOT = Path(__file__).parents[2]


def torchrun(cwd, output, num_ranks, *arguments, options=()):
    launcher = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        f"--nproc_per_node={num_ranks}",
        *options,
    ]
    command = [*launcher, str(ROOT / "scripts" / "train.py"), "--task", GAME, "--distributed", *SMALL, *arguments]
    with output.open("w") as file:
        return subprocess.Popen(command, cwd=cwd, stdout=file, stderr=file, stdin=subprocess.DEVNULL)


def run_dirs(cwd):
    return sorted((cwd / "logs" / "ddpl" / "coordination_corners").glob("*"))


def progress(printed):
    return [tuple(map(int, found)) for found in re.findall(r"iteration (\d+)/(\d+)", printed)]


def test_rank_0_writes_and_any_number_of_ranks_resumes(tmp_path):
    iterations = 2
    for number, num_ranks in enumerate((2, 1)):
        output = tmp_path / f"{number}.txt"
        resumed = ["--checkpoint", "latest"] if number else []
        process = torchrun(tmp_path, output, num_ranks, "--max_iterations", "2", "--run_name", str(number), *resumed)
        assert process.wait(300) == 0, output.read_text()
        assert progress(output.read_text()) == [(iterations - 1, iterations), (iterations, iterations)]
        iterations += 2
    first, second = run_dirs(tmp_path)
    for run_dir in (first, second):
        assert len(list(run_dir.glob("events.out.tfevents*"))) == 1
        assert (run_dir / "params" / "env.yaml").is_file()
    # 8 environments and 2 steps per iteration and rank
    steps = [load_checkpoint(path)["algorithm"]["counters"]["env_steps"] for path in
             (first / "model_1.pt", second / "model_3.pt")]  # fmt: skip
    assert steps == [2 * 2 * 8 * 2, 2 * 2 * 8 * 2 + 2 * 2 * 8]


def ranks_of(agent_pid):
    """Return the processes that an agent started, by rank."""
    ranks = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            variables = dict(v.split("=", 1) for v in (entry / "environ").read_text().split("\0") if "=" in v)
        except (OSError, ValueError):
            continue
        if parent == agent_pid and "RANK" in variables:
            ranks[int(variables["RANK"])] = int(entry.name)
    return ranks


def test_a_rank_that_is_killed_is_restarted_and_the_training_ends_as_planned(tmp_path):
    output = tmp_path / "output.txt"
    arguments = ["--max_iterations", "400", "agent.save_interval=5"]
    process = torchrun(tmp_path, output, 2, *arguments, options=["--max-restarts=2", "--monitor-interval=0.5"])
    end = time.monotonic() + 200
    while not any(path.glob("model_5.pt") and list(path.glob("model_5.pt")) for path in run_dirs(tmp_path)):
        assert time.monotonic() < end, output.read_text()
        assert process.poll() is None, output.read_text()
        time.sleep(0.05)
    os.kill(ranks_of(process.pid)[1], signal.SIGKILL)
    assert process.wait(300) == 0, output.read_text()
    first, second = run_dirs(tmp_path)
    resumed_from = Path(json.loads((second / "run.json").read_text())["metadata"]["resumed_from"])
    assert (tmp_path / resumed_from).parent == first
    saved = int(resumed_from.stem.removeprefix("model_"))
    before, after = (progress(text) for text in output.read_text().split("Resuming from"))
    assert after[0] == (saved + 2, 400), "iterations are counted from 1, and the next one is run"
    assert before[-1][0] - (saved + 1) <= 5, "at most what was done since the last checkpoint is done again"
    assert after[-1] == (400, 400)
    assert (second / "model_399.pt").is_file()
