# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Weights are what docs/method.md §2 says, and eta spends the budget."""

import math
import torch

import pytest

from ddpl_isaac.diffusion.importance import (
    effective_sample_share,
    fourth_moment,
    importance_weights,
    kl_to_uniform,
    solve_eta,
    systematic_resample,
)

ETA = torch.tensor([2.0, 0.5])


@pytest.fixture
def qbar():
    return torch.randn(2, 64, 32, generator=torch.Generator().manual_seed(3))


def test_hand_computed_weights():
    weights = importance_weights(torch.tensor([[[0.0, math.log(3.0)]]]), torch.ones(1))
    torch.testing.assert_close(weights, torch.tensor([[[0.25, 0.75]]]))


def test_weights_do_not_see_the_value_of_the_state(qbar):
    shift = torch.randn(2, 64, 1) * 10.0
    torch.testing.assert_close(
        importance_weights(qbar + shift, ETA), importance_weights(qbar, ETA), atol=1e-5, rtol=0.0
    )


def test_constant_values_weigh_all_candidates_alike():
    torch.testing.assert_close(importance_weights(torch.full((2, 3, 8), 7.0), ETA), torch.full((2, 3, 8), 1 / 8))


def test_a_large_eta_leaves_the_best_candidate(qbar):
    weights = importance_weights(qbar, torch.full((2,), 1e6))
    assert torch.equal(weights.argmax(-1), qbar.argmax(-1))
    assert weights.amax(-1).min() > 0.99


def test_candidates_are_drawn_as_often_as_their_weights_say():
    weights = torch.tensor([[[0.5, 0.0, 0.3, 0.2], [0.0, 0.0, 0.0, 1.0]]]).expand(2, -1, -1)
    candidates = torch.arange(4.0).view(1, 1, 4, 1).expand(2, 2, -1, -1)
    drawn = systematic_resample(candidates, weights, 10)
    counts = torch.stack([(drawn == j).sum((2, 3)) for j in range(4)], dim=-1)
    torch.testing.assert_close(counts[0], torch.tensor([[5, 0, 3, 2], [0, 0, 0, 10]]))


def test_the_expected_number_of_draws_is_the_weight_where_it_is_no_whole_number(qbar):
    weights = importance_weights(qbar[:, :1], ETA).expand(-1, 20_000, -1)
    index = torch.arange(32.0).view(1, 1, 32, 1).expand(2, 20_000, -1, -1)
    drawn = systematic_resample(index, weights, 3)[..., 0]
    share = torch.stack([(drawn == j).float().mean((1, 2)) for j in range(32)], dim=-1)
    torch.testing.assert_close(share, weights[:, 0], atol=0.01, rtol=0.0)


def test_diagnostics_of_uniform_and_of_one_hot_weights():
    uniform, one_hot = torch.full((1, 1, 16), 1 / 16), torch.eye(16)[:1].unsqueeze(0)
    assert [f(uniform).item() for f in (kl_to_uniform, effective_sample_share, fourth_moment)] == pytest.approx(
        [0.0, 1.0, 1.0], abs=1e-6
    )
    assert [f(one_hot).item() for f in (kl_to_uniform, effective_sample_share, fourth_moment)] == pytest.approx(
        [math.log(16.0), 1 / 16, 16**0.75]
    )


@pytest.mark.parametrize("budget", [0.5, 1.5, 2.5])
def test_eta_spends_the_budget_for_each_agent_whatever_its_scale(qbar, budget):
    qbar = qbar * torch.tensor([1e-3, 1e3]).view(2, 1, 1)
    eta = solve_eta(qbar, budget, torch.full((2,), 1e7), torch.ones(qbar.shape[:2]))
    spent = kl_to_uniform(importance_weights(qbar, eta)).mean(-1)
    torch.testing.assert_close(spent, torch.full((2,), budget), atol=1e-3, rtol=0.0)


def test_a_flat_q_does_not_spend_the_budget_but_stops_at_the_bound():
    eta = solve_eta(torch.zeros(1, 4, 8), 1.5, torch.tensor([30.0]), torch.ones(1, 4))
    assert eta.item() == pytest.approx(30.0, rel=1e-3)


def test_eta_is_solved_over_the_states_in_which_an_agent_is_active(qbar):
    bound, active = torch.full((2,), 1e7), torch.ones(qbar.shape[:2])
    active[:, 1::2] = 0.0
    some = solve_eta(qbar, 1.0, bound, active)
    torch.testing.assert_close(some, solve_eta(qbar[:, ::2], 1.0, bound, active[:, ::2]))
    assert not torch.allclose(some, solve_eta(qbar, 1.0, bound, torch.ones_like(active)))
