# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How the benchmarks measure: in turn, so that a noisy machine disturbs everything alike, and by medians."""

from __future__ import annotations

import multiprocessing
import platform
import statistics
import time
import torch
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from ddpl_isaac.runtime.configure import configure


def prepare(device: str) -> str:
    """Set the process up as a training does, and return where it runs in words."""
    configure(device)
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    precision = torch.backends.mkldnn.matmul.fp32_precision
    return f"{device}, {torch.get_num_threads()} threads, {platform.machine()}, oneDNN {precision == 'bf16'}"


class OtherProcess(ProcessPoolExecutor):
    """A process for what would not be itself in this one, such as torch without the settings of :func:`prepare`."""

    def __init__(self) -> None:
        """Start the process, which ends with the ``with`` statement."""
        super().__init__(1, multiprocessing.get_context("spawn"))

    def build(self, make: Callable[..., Callable[[], object]], *args: Any) -> OtherProcess:
        """Have the process call ``make(*args)`` and keep what that returns, in place of what it kept before.

        It does so while this process goes on; :meth:`seconds` raises what went wrong.
        """
        self._built = self.submit(_keep, make, args)
        return self

    def seconds(self, device: str) -> float:
        """Call there what is kept there, and return how long it took [s]."""
        self._built.result()
        return self.submit(_time_kept, device).result()


_kept: dict[str, Callable[[], object]] = {}


def _keep(make: Callable[..., Callable[[], object]], args: tuple) -> None:
    _kept.clear()
    _kept["function"] = make(*args)


def _time_kept(device: str) -> float:
    return timed(_kept["function"], device)


def timed(function: Callable[[], object] | OtherProcess, device: str) -> float:
    """Return the duration of a call [s], with what it left on the device."""
    if isinstance(function, OtherProcess):
        return function.seconds(device)
    start = time.perf_counter()
    function()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


def medians(
    functions: dict[str, Callable[[], object] | OtherProcess], repetitions: int, device: str, *, warm_up: int = 1
) -> dict[str, float]:
    """Return the median duration of each function [s], measured in turn after calls that compile and do not count."""
    for function in functions.values():
        for _ in range(warm_up):
            timed(function, device)
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repetitions):
        for name, function in functions.items():
            seconds[name].append(timed(function, device))
    return {name: statistics.median(values) for name, values in seconds.items()}
