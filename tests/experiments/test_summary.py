# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Interquartile means and the tables made of them."""

import numpy as np

import pytest

from ddpl_isaac.experiments.summary import iqm, iqm_interval, tables


def test_the_interquartile_mean_leaves_a_quarter_out_at_each_end():
    assert iqm(np.array([-100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 900.0])) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert iqm(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]), axis=0).tolist() == [2.0, 3.0]


def test_the_interval_covers_the_interquartile_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [iqm_interval(rng.normal(3.0, 1.0, size=16)) for _ in range(200)]
    covered = np.mean([low <= 3.0 <= high for _, low, high in intervals])
    assert 0.85 <= covered <= 0.99  # binomial, and percentiles of 16 values are a little narrow


def training(method, seed, returns, steps):
    curve = {"env_steps": [0.0, steps], "values": [0.0, 1.0]}
    study = {"task": "T-v0", "method": method, "seed": seed}
    names = {"group": "T-v0", "method": method, "variant": "", "study": study, "settings": []}
    return names | {"curves": {"return": curve}, "evaluation": {"return": returns, "success": [None, 1.0]}}


def test_a_row_sums_up_the_seeds_of_a_method():
    results = [training("MAPPO", 1, [1.0, 3.0], 500.0), training("MAPPO", 2, [4.0, 4.0], 400.0)]
    rows = tables([*results, training("gmm", 1, [7.0, 7.0], 400.0)]).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert cells[0] == ["task", "variant", "method", "seeds", "environment steps", "return", "success"]
    assert cells[2] == ["T-v0", "", "MAPPO", "2", "400", "3.00 [2.00, 4.00]", "1.00 [1.00, 1.00]"]
    assert cells[3][2:6] == ["gmm", "1", "400", "7.00 [7.00, 7.00]"]


def test_nothing_finished_is_said():
    assert tables([]) == "No cell has finished."
