# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Leaves the processor to those who have work: the threads of PhysX where there is no Isaac Sim (``ovphysx``)."""

from __future__ import annotations

import ctypes
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from ddpl_isaac.runtime.cores import num_cores

# of linux/prctl.h
_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30

SLACK_NS = 2_000_000
"""How late a sleeping thread of the simulator may wake [ns]; Linux' default is 50 000."""


def num_workers() -> int:
    """Return how many workers PhysX may have: one for each core.

    Where that is one, there are none, and a step is done by the thread that asks for it.
    """
    cores = num_cores()
    return cores if cores > 1 else 0


@contextmanager
def sparing_physx_threads() -> Generator[None]:
    """Let what is built inside start no more PhysX workers than :func:`num_workers`, and threads that sleep in earnest.

    Isaac Lab asks for 8 workers whatever the machine, which changes no result. PhysX waits for the last of them many
    times in a step, so that one that finds its core taken holds up all: beside three busy processes on two cores a step
    takes 2.6 times as long with two workers as with none.

    A thread of the collider cache asks every microsecond whether there is work, as long as the process lives, which
    takes a quarter of a core. Threads inherit from the one that starts them how exactly they wake, so that one then
    sleeps 2 ms instead. Workers wait without a time and do not notice.
    """
    with _fewer_workers(num_workers()), _coarse_timers():
        yield


@contextmanager
def _fewer_workers(limit: int) -> Generator[None]:
    import ovphysx

    config = ovphysx.PhysXConfig

    def limited(*, num_threads: int, **fields: Any) -> ovphysx.PhysXConfig:
        return config(num_threads=min(num_threads, limit), **fields)

    ovphysx.PhysXConfig = limited  # Isaac Lab has no setting for it
    try:
        yield
    finally:
        ovphysx.PhysXConfig = config


@contextmanager
def _coarse_timers() -> Generator[None]:
    prctl = ctypes.CDLL(None).prctl
    before = prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(SLACK_NS), 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(before), 0, 0, 0)
