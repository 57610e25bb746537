# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The error of a critic is measured against the game's own values."""

import math
import torch
from functools import partial

import pytest

from ddpl_isaac.experiments.critic_error import critic_error, is_known
from ddpl_isaac.experiments.games import GAMES, exact_marginal

GAME = GAMES["corners"]
OTHERS = torch.randn(3, 1, 64, 2, generator=torch.Generator().manual_seed(0)) * 0.3


def test_exact_values_have_no_error_whatever_constant_is_added():
    exact = partial(exact_marginal, GAME, 3)
    errors = critic_error(lambda candidates, others: exact(candidates, others) + 7.0, GAME, OTHERS)
    assert max(error for name, error in errors.items() if "error" in name) < 1e-5
    assert errors["critic_spread_far"] > 0.1


def test_a_critic_that_knows_nothing_errs_by_the_spread_of_the_values():
    errors = critic_error(lambda candidates, _: torch.zeros(candidates.shape[:3]), GAME, OTHERS)
    for place in ("far", "middle", "uniform"):
        assert errors[f"critic_error_{place}"] == pytest.approx(errors[f"critic_spread_{place}"])


def test_an_error_at_the_far_modes_is_seen_there_and_hardly_elsewhere():
    def blind(candidates, others):
        values = exact_marginal(GAME, 3, candidates, others)
        return torch.where(GAME.hit(candidates), values - 1.0, values)

    errors = critic_error(blind, GAME, OTHERS)
    share = 4.0 * math.pi * 0.24**2 / 4.0  # of the box within the corners, by which the constant moves
    assert errors["critic_error_far"] == pytest.approx(1.0 - share, abs=0.03)
    assert errors["critic_error_middle"] == pytest.approx(share, abs=0.03)


def test_values_of_the_games_alone_are_known():
    assert is_known("Coordination-Corners-v0")
    assert not is_known("MPE-Spread-v0")
