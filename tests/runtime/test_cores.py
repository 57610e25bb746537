# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How many cores are ours, and how many of them torch takes."""

import os
import torch

import pytest

from ddpl_isaac.runtime.cores import leave_half_of_the_cores, num_cores


@pytest.fixture
def set_threads(monkeypatch: pytest.MonkeyPatch):
    """What torch was told to use, in place of telling it."""
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    return told


@pytest.mark.parametrize(("cores", "half"), [(1, 1), (2, 1), (3, 1), (16, 8)])
def test_half_of_the_cores_is_left(cores: int, half: int, set_threads: list[int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert num_cores() == cores
    leave_half_of_the_cores()
    assert set_threads == [half]


@pytest.mark.parametrize(("cores", "ours"), [(2, 2), (16, 3)])
def test_who_says_how_many_threads_there_shall_be_is_obeyed(
    cores: int, ours: int, set_threads: list[int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert num_cores() == ours
    leave_half_of_the_cores()
    assert set_threads == []
