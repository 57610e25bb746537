# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Gradient steps follow the environment steps, whatever the number of environments."""

from __future__ import annotations

import pytest

from ddpl_isaac.algorithms.update_ratio import updates_due


@pytest.mark.parametrize("new_steps", [64, 512, 1000, 32_768])
def test_all_numbers_of_environments_bring_the_same_number_of_gradient_steps(new_steps: int) -> None:
    """After n environment steps floor(ratio n / 1000) were taken, and no iteration is off by more than one."""
    taken = [updates_due(15.625, end, new_steps) for end in range(new_steps, 100 * new_steps + 1, new_steps)]
    assert sum(taken) == int(15.625 * 100 * new_steps / 1000)
    assert max(taken) - min(taken) <= 1


def test_whole_numbers_are_not_lost_to_rounding() -> None:
    """0.1 per 1000 steps is one gradient step each time 10 000 steps are full, though 0.1 is no binary fraction."""
    assert [updates_due(0.1, end, 10_000) for end in range(10_000, 500_001, 10_000)] == [1] * 50


def test_ratios_below_one_step_per_iteration_wait_for_the_rest() -> None:
    """Half a gradient step per iteration is one in every second iteration."""
    assert [updates_due(0.5, end, 1000) for end in range(1000, 6001, 1000)] == [0, 1, 0, 1, 0, 1]


def test_no_gradient_step_is_due_without_a_ratio() -> None:
    """A ratio of zero freezes the actors."""
    assert updates_due(0.0, 12_345, 345) == 0
