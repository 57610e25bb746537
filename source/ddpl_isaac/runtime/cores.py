# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Who uses which cores. ``OMP_NUM_THREADS`` says that somebody else has the others, and how many are ours."""

from __future__ import annotations

import os
import torch


def num_cores() -> int:
    """Return how many cores this process and what it starts may use."""
    cores = len(os.sched_getaffinity(0))
    return min(cores, torch.get_num_threads()) if _is_told() else cores


def leave_half_of_the_cores() -> None:
    """Let torch use half of the cores, because a simulator works beside it.

    The threads of PhysX and those of torch wait for each other in every step where both want all cores: on two cores
    collection reaches .72 of the speed of the simulator with two threads of torch, and .96 with one.
    """
    if not _is_told():
        torch.set_num_threads(max(1, num_cores() // 2))


def _is_told() -> bool:
    return "OMP_NUM_THREADS" in os.environ
