# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One report on a GPU: tests, kernels per call, shares of the device's peak, all benchmarks; the last line is JSON.

``python benchmarks/gpu_check.py`` starts each part as a process of its own and gives up what is not done within
``--minutes``. Without a CUDA device it does the same at smaller sizes on the CPU and says what it had to skip. It has
been run on CPUs only; nobody has run it on a GPU yet.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import torch
from collections.abc import Callable
from pathlib import Path
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from timing import medians, prepare
from update import OBS_DIM, make_learner

BENCHMARKS = Path(__file__).parent
SIZES = {
    "cuda": {
        "sampler.py": ["--steps", "10"],
        "update.py": [],
        "growth.py": ["--sizes", "envs", "agents", "--repetitions", "3"],
        "train_step.py": ["--task", "DDPL-Shadow-Hands", "--num_envs", "1024", "--repetitions", "2"],
        "startup.py": ["--task", "DDPL-Shadow-Hands", "--repetitions", "1"],
    },
    "cpu": {
        "sampler.py": ["--agents", "2", "--rows", "64", "1024", "--steps", "10", "--repetitions", "3"],
        "update.py": ["--agents", "2", "--repetitions", "3"],
        "growth.py": ["--sizes", "envs", "--values", "64", "256", "--repetitions", "1"],
        "train_step.py": ["--task", "DDPL-Shadow-Hands", "--num_envs", "64", "--repetitions", "1"],
        "startup.py": ["--task", "DDPL-Shadow-Hands", "--repetitions", "1"],
    },
}


def peaks(device: str) -> dict[str, float]:
    """Return what the device reaches at best: matrix products [FLOPS] and copies [bytes/s]."""
    size = 8192 if device.startswith("cuda") else 2048
    a, b = torch.randn(2, size, size, device=device)
    source, target = torch.empty(2, 2**26, device=device)
    times = medians({"product": lambda: a @ b, "copy": lambda: target.copy_(source)}, 10, device)
    return {"flops": 2 * size**3 / times["product"], "bytes": 2 * source.nbytes / times["copy"]}


def count_kernels(function: Callable[[], object], device: str) -> int | None:
    """Return how many kernels a call starts on the GPU; None on a CPU."""
    if not device.startswith("cuda"):
        return None
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as recorded:
        function()
        torch.cuda.synchronize()
    return sum(event.device_type == torch.autograd.DeviceType.CUDA for event in recorded.events() or ())


def inspect_calls(device: str) -> dict[str, dict[str, float | None]]:
    """Return duration, kernels and share of the arithmetic peak of acting and of an update of the hands' learner."""
    peak, num_envs = peaks(device), 4096 if device.startswith("cuda") else 256
    learner = make_learner(2, device, num_envs=num_envs)
    eager = make_learner(2, device, "agent.algorithm.compile=eager", num_envs=num_envs)
    obs = torch.randn(num_envs, 2, OBS_DIM, device=device)
    calls = {
        "act": (lambda: learner.actor.sample(obs), lambda: eager.actor.sample(obs)),
        "update": (
            lambda: learner.update(learner.steps_per_iteration),
            lambda: eager.update(eager.steps_per_iteration),
        ),
    }
    report = {"peak": {"TFLOPS": peak["flops"] / 1e12, "GB/s": peak["bytes"] / 1e9}}
    for name, (call, counted) in calls.items():
        seconds = medians({name: call}, 5, device, warm_up=3)[name]
        with FlopCounterMode(display=False) as counter:
            counted()
        share = counter.get_total_flops() / seconds / peak["flops"]
        report[name] = {"ms": seconds * 1e3, "share_of_peak": share, "kernels": count_kernels(call, device)}
    return report


def run_part(command: list[str], seconds_left: float) -> tuple[str, str]:
    """Run a part to its end or to that of the time; return what became of it, and its output."""
    if seconds_left <= 0.0:
        return "skipped: no time left", ""
    try:
        result = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, timeout=seconds_left, check=False
        )
    except subprocess.TimeoutExpired as error:
        return "stopped: no time left", (error.stdout or b"").decode()
    return ("done" if result.returncode == 0 else f"failed: {result.stderr[-2000:]}"), result.stdout


def main() -> None:
    """Run everything and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--minutes", type=float, default=8.0, help="Time for all parts together.")
    parser.add_argument("--skip", nargs="*", default=[], help="Parts to leave out, such as train_step.py.")
    args = parser.parse_args()
    deadline, kind = time.monotonic() + 60.0 * args.minutes, args.device.partition(":")[0]
    print(f"{prepare(args.device)}, torch {torch.__version__}", flush=True)
    report: dict[str, object] = {"device": args.device, "calls": inspect_calls(args.device)}
    for name, values in report["calls"].items():
        print(
            f"  {name:8s} "
            + ", ".join(f"{key} {value if value is None else round(value, 3)}" for key, value in values.items())
        )
    parts = {"tests": ["-m", "pytest", "-q", "-m", "gpu", str(BENCHMARKS.parent / "tests")]}
    for name, sizes in SIZES[kind].items():
        parts[name] = [str(BENCHMARKS / name), "--device", args.device, *sizes]
    if kind == "cpu":
        del parts["tests"]
        print("tests: skipped, there is no CUDA device; `pytest` runs them on the CPU")
        print("kernels per call: skipped, only a GPU has them")
    for name, command in parts.items():
        if name in args.skip:
            report[name] = "skipped: as asked"
        else:
            report[name], output = run_part(command, deadline - time.monotonic())
            print(output, end="")
        print(f"{name}: {report[name]}", flush=True)
    print(json.dumps(report))
    sys.exit(any(str(outcome).startswith("failed") for outcome in report.values()))


if __name__ == "__main__":
    main()
