# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How the benchmarks measure: in turn, so that a noisy machine disturbs everything alike, and by medians."""

from __future__ import annotations

import platform
import statistics
import time
import torch
from collections.abc import Callable

from ddpl_isaac.models.matmul import use_fastest_float32
from ddpl_isaac.models.memory import keep_freed_memory


def prepare(device: str) -> str:
    """Set the process up as a training does, and return where it runs in words."""
    onednn = use_fastest_float32()
    keep_freed_memory()
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{device}, {torch.get_num_threads()} threads, {platform.machine()}, oneDNN {onednn}"


def timed(function: Callable[[], object], device: str) -> float:
    """Return the duration of a call [s], with what it left on the device."""
    start = time.perf_counter()
    function()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


def medians(
    functions: dict[str, Callable[[], object]], repetitions: int, device: str, *, warm_up: int = 1
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
