# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a process that learns or acts sets once, by its device."""

from __future__ import annotations

import torch

from ddpl_isaac.runtime.matmul import use_fastest_float32
from ddpl_isaac.runtime.memory import keep_freed_memory


def configure(device: torch.device | str, matmul_precision: str = "high") -> None:
    """Set up this process for a device; again is harmless.

    What helps a CPU is left alone on a GPU: torch derives a global precision from the library that multiplies on the
    CPU, and would apply it there too.

    Args:
        device: Device of the learner.
        matmul_precision: Of float32 products on a GPU: ``AlgorithmConfig.matmul_precision``.
    """
    if torch.device(device).type == "cpu":
        use_fastest_float32()
        keep_freed_memory()
    else:
        if torch.device(device).index is not None:
            torch.cuda.set_device(device)  # the streams of graphs are those of the current device
        torch.set_float32_matmul_precision(matmul_precision)
