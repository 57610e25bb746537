# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where the cells of a grid run: in processes of this machine, or on a Ray cluster."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from ddpl_isaac.errors import ConfigError
from ddpl_isaac.interruption import call, end_scripts

Command = Callable[[str], list[str]]
"""Returns the command line that runs the cell of a name."""


def launch_local(names: list[str], command: Command, logs: Path, jobs: int) -> Iterator[tuple[str, str]]:
    """Run cells in processes of their own, ``jobs`` at once, which share the cores.

    Args:
        names: Cells to run.
        command: Its command line.
        logs: Folder of what they print, a file ``<name>.log`` each.
        jobs: How many run at once; >= 1.

    Yields:
        Each cell at its end, with an empty word or with what went wrong.
    """
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    with ThreadPoolExecutor(jobs) as pool:
        calls = {pool.submit(_run, command(name), logs / f"{name}.log", threads): name for name in names}
        try:
            for call in as_completed(calls):
                yield calls[call], call.result()
        finally:  # left early
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(call.done() for call in calls):  # one may be about to start
                end_scripts()
                time.sleep(0.02)


def launch_ray(names: list[str], command: Command, logs: Path, cpus: float, gpus: float) -> Iterator[tuple[str, str]]:
    """Run cells on the Ray cluster to which this machine belongs, as many at once as it has room for.

    All machines must see the project, its Python and the results at the same paths.

    Args:
        names: Cells to run.
        command: Its command line.
        logs: Folder of what they print, a file ``<name>.log`` each.
        cpus: Cores that a cell takes; > 0.
        gpus: GPUs, or the share of one, that a cell takes; >= 0.

    Yields:
        Each cell at its end, with an empty word or with what went wrong.

    Raises:
        ConfigError: If Ray is not installed, or no cluster runs.
    """
    try:
        import ray
        from ray.exceptions import RayError
    except ImportError as error:
        raise ConfigError(
            "The launcher needs Ray, which the extra 'sweep' brings: uv sync --inexact --extra sweep, or"
            " pip install -e '.[sweep]'."
        ) from error
    try:
        ray.init(address="auto", log_to_driver=False, logging_level="ERROR")
    except ConnectionError as error:
        raise ConfigError("No Ray cluster is here. Start one ('ray start --head') or use --launcher local.") from error
    try:
        run = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=2)(_run)
        calls = {run.remote(command(name), logs / f"{name}.log", str(max(1, int(cpus)))): name for name in names}
        while calls:
            (call,), _ = ray.wait(list(calls), num_returns=1)
            try:
                problem = str(ray.get(call))
            except RayError as error:  # a machine was lost, and again
                problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            yield calls.pop(call), problem
    finally:
        ray.shutdown()


def _run(command: list[str], log: Path, threads: str) -> str:
    """Run a command and return an empty word, or what went wrong."""
    with log.open("w") as file:
        environment = {"OMP_NUM_THREADS": threads} | dict(os.environ)
        status = call(command, stdout=file, stderr=subprocess.STDOUT, env=environment)
    if status == 0:
        return ""
    lines = log.read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'no output'} (code {status}, {log})"
