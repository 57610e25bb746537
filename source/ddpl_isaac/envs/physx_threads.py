# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Leaves the processor to those who have work: the threads of PhysX where there is no Isaac Sim (``ovphysx``)."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

# of linux/prctl.h
_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30

SLACK_NS = 2_000_000
"""How late a sleeping thread of the simulator may wake [ns]; Linux' default is 50 000."""


@contextmanager
def sparing_physx_threads() -> Generator[None]:
    """Let what is built inside start no more PhysX workers than there are cores, and threads that sleep in earnest.

    Isaac Lab asks for 8 workers whatever the machine; more than cores wake each other up for nothing, and change no
    result. A thread of the collider cache asks every microsecond whether there is work, as long as the process lives,
    which takes a quarter of a core. Threads inherit from the one that starts them how exactly they wake, so that one
    then sleeps 2 ms instead. Workers wait without a time and do not notice.
    """
    with _no_more_workers_than_cores(), _coarse_timers():
        yield


@contextmanager
def _no_more_workers_than_cores() -> Generator[None]:
    import ovphysx

    config = ovphysx.PhysXConfig

    def limited(*, num_threads: int, **fields: Any) -> ovphysx.PhysXConfig:
        return config(num_threads=min(num_threads, len(os.sched_getaffinity(0))), **fields)

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
