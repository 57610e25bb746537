# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How many threads PhysX starts, and how exactly they wake."""

import threading
from pathlib import Path

import ovphysx
import pytest

from ddpl_isaac.runtime.physx_threads import SLACK_NS, num_workers, sparing_physx_threads


def slack_of_a_new_thread() -> int:
    """How late a thread may wake that is started now [ns]."""
    read = []

    def look() -> None:
        read.append(int(Path(f"/proc/{threading.get_native_id()}/timerslack_ns").read_text()))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return read[0]


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (2, 2), (16, 16)])
def test_there_is_a_worker_for_each_core_and_none_for_a_single_one(
    cores: int, workers: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ddpl_isaac.runtime.physx_threads.num_cores", lambda: cores)
    assert num_workers() == workers


@pytest.mark.parametrize(("allowed", "workers"), [(0, 0), (2, 2), (16, 8)])
def test_physx_gets_no_more_workers_than_allowed_and_no_more_than_asked_for(
    allowed: int, workers: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ddpl_isaac.runtime.physx_threads.num_workers", lambda: allowed)
    with sparing_physx_threads():
        config = ovphysx.PhysXConfig(num_threads=8, carbonite_overrides={"/physics/updateToUsd": False})
    assert config.num_threads == workers
    assert config.carbonite_overrides == {"/physics/updateToUsd": False}


def test_threads_that_start_inside_may_wake_late_and_those_after_may_not():
    before = slack_of_a_new_thread()
    with sparing_physx_threads():
        assert slack_of_a_new_thread() == SLACK_NS
    assert slack_of_a_new_thread() == before < SLACK_NS


def test_everything_is_as_before_after_a_failure():
    config, slack = ovphysx.PhysXConfig, slack_of_a_new_thread()
    with pytest.raises(RuntimeError, match="no scene"), sparing_physx_threads():
        raise RuntimeError("no scene")
    assert ovphysx.PhysXConfig is config
    assert slack_of_a_new_thread() == slack
