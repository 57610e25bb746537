# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Time from the command to the first iteration of a training, by part; the last line is JSON.

``python benchmarks/startup.py --task DDPL-Shadow-Hands`` takes the arguments of ``scripts/train.py`` and does what that
does, in processes of their own; medians are reported. ``learner`` is what is left to wait for when the simulator is
there: compiled kernels, and the process that learns.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.workflows.prepare import prepare


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3, help="Processes to measure one after the other.")
    parser.add_argument("--begun", type=float, help="Measure this process, which began at this time.")
    return parser


def start(command: CommandLine) -> dict[str, float]:
    """Start a training and return what each part took [s]."""
    last, seconds = command.args.begun, {}

    def note(part: str) -> None:
        nonlocal last
        now = time.time()
        seconds[part], last = now - last, now

    note("imports")
    prepared = prepare(command, None)
    plan, cfg = prepared.plan, prepared.cfg
    note("settings")
    with (
        tempfile.TemporaryDirectory() as run_dir,
        prepared.open(Path(run_dir), "train") as env,
        end_on_user_error(),
    ):
        note("environment")
        runner = make_runner(env, cfg, plan.device, run_dir=Path(run_dir))
        note("learner")
        runner.learn(1)
        note("first iteration")
    if plan.cfg is not None:
        from isaaclab.utils.timer import Timer

        for part, timer in (("scene", "scene_creation"), ("physics", "simulation_start")):
            seconds[part] = Timer.get_timer_info(timer)
            seconds["environment"] -= seconds[part]
    return seconds


def benchmark(command: CommandLine) -> None:
    """Measure and print."""
    if command.args.begun is not None:
        print(json.dumps(start(command)), flush=True)
        return
    runs = []
    for _ in range(command.args.repetitions):
        process = [sys.executable, *sys.argv, "--begun", str(time.time())]
        output = subprocess.run(process, stdout=subprocess.PIPE, text=True, check=True).stdout
        runs.append(json.loads(output.splitlines()[-1]))
    seconds = {part: statistics.median(run[part] for run in runs) for part in runs[0]}
    seconds["together"] = statistics.median(sum(run.values()) for run in runs)
    print(f"{command.args.task}, {command.args.repetitions} processes")
    for part, value in seconds.items():
        print(f"  {part:16} {value:6.1f} s")
    result = {part: round(value, 2) for part, value in seconds.items()}
    print(json.dumps({"task": command.args.task, "seconds": result}))


if __name__ == "__main__":
    run(benchmark, make_parser())
