# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The exact mirror steps of a game of one number, and the distance of a policy from them (docs/method.md §5)."""

import torch

import pytest

from ddpl_isaac.config import ActorConfig, AlgorithmConfig, IssmConfig
from ddpl_isaac.experiments.exact_target import ExactTarget
from ddpl_isaac.experiments.games import GAMES


def make_target(share=0.0, std=0.3, game="two_modes"):
    issm = IssmConfig(uniform_share=share)
    return ExactTarget(GAMES[game], 2, AlgorithmConfig(actor=ActorConfig(initial_std=std), issm=issm))


def draws(target, count, seed=0):
    """Draw from the target's own density."""
    generator = torch.Generator().manual_seed(seed)
    return target.cells[torch.multinomial(target.density, count, replacement=True, generator=generator)]


@pytest.mark.parametrize("std", [0.1, 0.5])
def test_it_starts_as_the_untrained_policy_clipped_to_the_box(std):
    target = make_target(std=std)
    actions = (torch.randn(2, 200_000, generator=torch.Generator().manual_seed(1)) * std).clamp(-1.0, 1.0)
    assert target.density.sum(-1).tolist() == pytest.approx([1.0, 1.0])
    assert target.total_variation(actions).max() < 0.02


def test_the_distance_of_draws_from_their_own_density_falls_with_their_number_and_is_one_elsewhere():
    target = make_target()
    few, many = (target.total_variation(draws(target, count)).mean() for count in (500, 50_000))
    assert many < 0.02
    assert few > 3.0 * many
    assert target.total_variation(torch.full((2, 10), 1.0)).tolist() == pytest.approx([1.0, 1.0], abs=0.01)


def test_a_step_is_the_product_of_density_and_exponential_value():
    target = make_target()
    before = target.density.clone()
    target.step(torch.tensor([0.0, 2.0]))
    torch.testing.assert_close(target.density[0], before[0])
    expected = before[1] * torch.exp(2.0 * GAMES["two_modes"].reward(target.cells.view(-1, 1, 1)))
    torch.testing.assert_close(target.density[1], expected / expected.sum())


def test_equal_modes_stay_equal_and_uniform_candidates_reach_where_the_start_has_no_mass():
    target = make_target(share=0.1, std=0.05)
    for _ in range(8):
        target.step(torch.full((2,), 10.0))
    mass = target.density[0]
    assert mass[target.cells > 0].sum() == pytest.approx(0.5, abs=1e-3)
    assert mass[(target.cells.abs() - 0.6).abs() < 0.24].sum() > 0.95
    without = make_target(share=0.0, std=0.05)
    for _ in range(8):
        without.step(torch.full((2,), 1.0))
    assert without.density[0][(without.cells.abs() - 0.6).abs() < 0.24].sum() < 0.01
