# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How many threads PhysX starts, and how exactly they wake."""

import os
import threading
import torch
from pathlib import Path

import ovphysx
import pytest

from ddpl_isaac.envs.physx_threads import SLACK_NS, num_free_cores, sparing_physx_threads


def slack_of_a_new_thread() -> int:
    """How late a thread may wake that is started now [ns]."""
    read = []

    def look() -> None:
        read.append(int(Path(f"/proc/{threading.get_native_id()}/timerslack_ns").read_text()))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return read[0]


@pytest.mark.parametrize(("cores", "alone", "beside"), [(1, 1, 1), (2, 2, 1), (3, 3, 2), (16, 16, 8)])
def test_a_learner_takes_half_of_the_cores(cores: int, alone: int, beside: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert num_free_cores(learner_beside=False) == alone
    assert num_free_cores(learner_beside=True) == beside


def test_who_says_how_many_threads_there_shall_be_is_obeyed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    for cores, expected in ((2, 2), (16, 3)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)))
        assert num_free_cores(learner_beside=False) == num_free_cores(learner_beside=True) == expected


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (2, 2), (3, 3), (16, 8)])
def test_physx_gets_a_worker_for_each_core_none_for_a_single_one_and_no_more_than_asked_for(cores: int, workers: int):
    with sparing_physx_threads(cores):
        config = ovphysx.PhysXConfig(num_threads=8, carbonite_overrides={"/physics/updateToUsd": False})
    assert config.num_threads == workers
    assert config.carbonite_overrides == {"/physics/updateToUsd": False}


def test_threads_that_start_inside_may_wake_late_and_those_after_may_not():
    before = slack_of_a_new_thread()
    with sparing_physx_threads(2):
        assert slack_of_a_new_thread() == SLACK_NS
    assert slack_of_a_new_thread() == before < SLACK_NS


def test_everything_is_as_before_after_a_failure():
    config, slack = ovphysx.PhysXConfig, slack_of_a_new_thread()
    with pytest.raises(RuntimeError, match="no scene"), sparing_physx_threads(2):
        raise RuntimeError("no scene")
    assert ovphysx.PhysXConfig is config
    assert slack_of_a_new_thread() == slack
