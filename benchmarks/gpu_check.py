# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a GPU does with this project, in five minutes: a line of JSON for each part, as soon as it is known.

``python benchmarks/gpu_check.py`` first runs the tests that need a GPU, then measures acting and updates, then the
simulator, collection and training with 1024 and 4096 environments. Each part is a process of its own that ends, with
all that it started, when its time is over; what has been printed until then stands. Without a CUDA device it does the
same at smaller sizes on the CPU. Acting and updates ran on an H100 and an H200; its trainings have run on CPUs only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import torch
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode
from typing import Any, NamedTuple

from timing import medians, prepare
from update import make_learner, make_rollouts

ROOT = Path(__file__).parents[1]
HERE = str(Path(__file__))
HANDS = "--task", "DDPL-Shadow-Hands", "--repetitions", "2"
LARGE = "agent.algorithm.replay.batch_size=2048", "agent.algorithm.actor_batch_size=512"
"""Batches eight times as large as those of the hands."""
TESTED = "algorithms", "models", "runtime"
"""Folders of tests in which some need a GPU."""


class Part(NamedTuple):
    """A process, and how long it may take."""

    command: list[str]
    """Arguments of the interpreter."""

    seconds: float
    """Its time at most [s]."""


def parts(kind: str, device: str) -> dict[str, Part]:
    """Return the parts in their order, what has to be right before what has to be fast."""
    here = [HERE, "--device", device, "--part"]
    train = [str(ROOT / "benchmarks" / "train_step.py"), "--device", device, *HANDS]
    if kind == "cuda":
        tests = ["-m", "pytest", "-q", "-m", "gpu", *(str(ROOT / "tests" / name) for name in TESTED)]
        settings = "physics=ovphysx", "agent.algorithm.warmup_steps_per_env=0"
        return {
            "tests": Part(tests, 90.0),
            "act": Part([*here, "act", "--num_envs", "1024", "4096"], 50.0),
            "update": Part([*here, "update"], 60.0),
            "large update": Part([*here, "update", *LARGE], 60.0),
            "training, 4096": Part([*train, "--num_envs", "4096", *settings], 120.0),
            "training, 1024": Part([*train, "--num_envs", "1024", *settings], 90.0),
        }
    return {
        "act": Part([*here, "act", "--num_envs", "64", "256"], 120.0),
        "update": Part([*here, "update"], 120.0),
        "training, 16": Part([*train, "--num_envs", "16", "agent.algorithm.warmup_steps_per_env=0"], 240.0),
    }


def run_part(part: Part, seconds_left: float) -> dict[str, Any]:
    """Run a part to its end or to that of its time, and end whatever it has started.

    Returns:
        ``outcome``, ``seconds``, and ``result``, what its last line says in JSON, or ``output``, its last lines.
    """
    limit, start = min(part.seconds, seconds_left), time.monotonic()
    if limit <= 0.0:
        return {"outcome": "skipped: no time left"}
    # into a file: a pipe would stay open as long as a child that outlives the part
    with tempfile.TemporaryFile("w+") as output:
        command = [sys.executable, *part.command]
        # a group of its own, so that a simulator in a process of its own ends with it
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(limit)
            outcome = "done" if code == 0 else f"failed: {code}"
        except subprocess.TimeoutExpired:
            outcome = f"stopped after {limit:.0f} s"
        finally:
            _end(process)
        output.seek(0)
        lines = output.read().splitlines()
    report = {"outcome": outcome, "seconds": round(time.monotonic() - start, 1)}
    with contextlib.suppress(json.JSONDecodeError, IndexError):
        return report | {"result": json.loads(lines[-1])}
    return report | {"output": lines[-20:]}


def _end(process: subprocess.Popen) -> None:
    """End a process and all processes of its group, those that outlived it among them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_all(parts: Mapping[str, Part], minutes: float, skipped: list[str]) -> Iterator[dict[str, Any]]:
    """Run the parts one after the other, each in what is left of the time; yield what became of each."""
    deadline = time.monotonic() + 60.0 * minutes
    for name, part in parts.items():
        if name in skipped:
            yield {"part": name, "outcome": "skipped: as asked"}
        else:
            yield {"part": name, **run_part(part, deadline - time.monotonic())}


# -- what is measured here rather than by other benchmarks


def count_kernels(function: Callable[[], object], device: str) -> dict[str, float]:
    """Return how many kernels a call runs on a GPU, and how long they take [ms]; nothing on a CPU."""
    if not device.startswith("cuda"):
        return {}
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as recorded:
        function()
        torch.cuda.synchronize()
    kernels = [event for event in recorded.events() or () if event.device_type.name == "CUDA"]
    return {"kernels": len(kernels), "gpu_ms": sum(event.device_time for event in kernels) / 1e3}


def measure(function: Callable[[], object], device: str) -> dict[str, float]:
    """Return the duration of a call [ms], and its kernels on a GPU."""
    milliseconds = 1e3 * medians({"call": function}, 10, device, warm_up=5)["call"]  # a graph is captured meanwhile
    return {"ms": milliseconds, **count_kernels(function, device)}


def measure_act(device: str, num_envs: list[int]) -> dict[str, Any]:
    """Measure drawing a joint action in all environments, and that with recording what came of it."""
    results = {}
    for count in num_envs:
        rollouts, act_and_record = make_rollouts(2, device, num_envs=count)
        obs = torch.randn(count, 2, rollouts.stack.obs_dim, device=device)
        functions = {"act": lambda actor=rollouts.learner.actor, obs=obs: actor.sample(obs), "step": act_and_record}
        results[str(count)] = {name: measure(function, device) for name, function in functions.items()}
    return results


def measure_update(device: str, settings: list[str]) -> dict[str, Any]:
    """Measure an update of the hands' learner, and what its products would take at the rate of one large product."""
    learner, eager = (make_learner(2, device, *mode, *settings) for mode in ((), ("agent.algorithm.compile=eager",)))
    size = 8192 if device.startswith("cuda") else 1024
    a, b = torch.randn(2, size, size, device=device)
    rate = 2 * size**3 / medians({"product": lambda: a @ b}, 5, device)["product"]
    with FlopCounterMode(display=False) as counter:
        eager.update(eager.steps_per_iteration)
    floor = {"products_ms": 1e3 * counter.get_total_flops() / rate}
    return measure(lambda: learner.update(learner.steps_per_iteration), device) | floor


def main() -> None:
    """Run all parts, or measure one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--minutes", type=float, default=5.0, help="Time for all parts together.")
    parser.add_argument("--skip", nargs="*", default=[], help="Parts to leave out, such as tests.")
    parser.add_argument("--part", choices=("act", "update"), help="Measure this in this process.")
    parser.add_argument("--num_envs", type=int, nargs="+", default=[64], help="Environments to act in.")
    parser.add_argument("settings", nargs="*", help="agent.field=value, of an update.")
    args = parser.parse_args()
    if args.part:
        where = prepare(args.device)
        own = args.settings
        result = measure_act(args.device, args.num_envs) if args.part == "act" else measure_update(args.device, own)
        print(json.dumps({"device": where, **result}))
        return
    print(json.dumps({"part": "machine", "device": prepare(args.device), "torch": torch.__version__}), flush=True)
    failed = False
    for report in run_all(parts(args.device.partition(":")[0], args.device), args.minutes, args.skip):
        print(json.dumps(report), flush=True)
        failed |= report["outcome"].startswith("failed")
    sys.exit(failed)


if __name__ == "__main__":
    main()
