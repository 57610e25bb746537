# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The interval of a mean."""

import numpy as np

import pytest

from ddpl_isaac.statistics import bootstrap_interval


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [bootstrap_interval(rng.exponential(2.0, size=40)) for _ in range(200)]
    covered = np.mean([low <= 2.0 <= high for _, low, high in intervals])
    assert 0.86 < covered < 0.99


def test_it_agrees_with_the_normal_interval_of_many_values():
    values = np.random.default_rng(1).normal(3.0, 1.0, size=2_000)
    mean, low, high = bootstrap_interval(values)
    assert mean == pytest.approx(values.mean())
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 2_000**0.5, rel=0.05)


def test_it_is_repeatable():
    values = np.arange(10.0)
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_degenerate_values():
    assert bootstrap_interval(np.ones(5)) == (1.0, 1.0, 1.0)
    assert bootstrap_interval(np.array([4.0])) == (4.0, 4.0, 4.0)
    assert bootstrap_interval(np.array([4.0, np.nan])) == (4.0, 4.0, 4.0)
    assert np.isnan(bootstrap_interval(np.array([np.nan]))).all()
