# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The size of a replay is counted by hand and held against what is free."""

import pytest

from ddpl_isaac.errors import OutOfMemoryError
from ddpl_isaac.storage import replay_size
from ddpl_isaac.storage.replay_size import check_fits

# 2 agents with 3 observations and 1 action each, a state of 4: 12 numbers; 3 flags and a reward of 4 bytes
BYTES, HALF_BYTES = 12 * 4 + 7, 12 * 2 + 7


def fits(monkeypatch, free, capacity=100, num_envs=10, **how):
    monkeypatch.setattr(replay_size, "available_memory", lambda _: free)
    try:
        check_fits(capacity, num_envs, (2, 3), 4, (2, 1), "cpu", **how)
    except OutOfMemoryError:
        return False
    return True


@pytest.mark.parametrize(("half_precision", "size"), [(False, BYTES), (True, HALF_BYTES)])
def test_a_replay_may_take_all_that_is_free_and_no_byte_more(monkeypatch, half_precision, size):
    assert fits(monkeypatch, 100 * size, half_precision=half_precision)
    assert not fits(monkeypatch, 100 * size - 1, half_precision=half_precision)


def test_every_environment_has_a_whole_number_of_transitions(monkeypatch):
    assert fits(monkeypatch, 90 * BYTES, capacity=100, num_envs=30)
    assert not fits(monkeypatch, 90 * BYTES - 1, capacity=100, num_envs=30)


def test_where_the_memory_is_unknown_nothing_is_refused(monkeypatch):
    assert fits(monkeypatch, None, capacity=10**12)
