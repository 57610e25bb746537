# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Candidates come from where the proposal says."""

import torch

import pytest

from ddpl_isaac.algorithms.proposal import Transport, propose
from ddpl_isaac.config import IssmConfig

MASK = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
POLICY = torch.full((2, 50, 40, 2), 0.5) * MASK[:, None, None, :]


def test_policy_candidates_are_the_policys_own():
    assert torch.equal(propose(POLICY, MASK, IssmConfig(proposal="policy")), POLICY)


def test_a_share_of_the_candidates_is_uniform():
    candidates = propose(POLICY, MASK, IssmConfig(proposal="mixture", uniform_share=0.25))
    moved = (candidates - POLICY).abs().amax(-1) > 0.1
    # 4000 Bernoulli draws: five standard deviations are .034, and a tenth of uniform draws land beside the mode
    assert abs(moved.float().mean() - 0.25) < 0.06
    assert candidates[moved].min() < -0.9


@pytest.mark.parametrize("proposal", ["policy", "mixture"])
def test_padding_stays_zero(proposal):
    assert propose(POLICY, MASK, IssmConfig(proposal=proposal))[0, ..., 1].abs().max() == 0.0


def linear(action):
    return (action * torch.tensor([0.5, -0.25])).sum(-1)


def test_every_other_candidate_of_a_linear_value_goes_by_eta_times_variance_times_slope():
    candidates = torch.randn(1, 3, 400, 2) * torch.tensor([0.1, 0.2])
    transport = Transport(candidates, linear)
    moved = transport.carry(torch.tensor([2.0])) - candidates
    assert moved[:, :, 1::2].abs().max() == 0.0
    expected = 2.0 * candidates.var(2, keepdim=True) * torch.tensor([0.5, -0.25])
    torch.testing.assert_close(moved[:, :, ::2], expected.expand(-1, -1, 200, -1))


def test_eta_spends_the_budget_of_kl_on_average_over_the_active_states():
    candidates = torch.randn(1, 2, 4000, 2) * 0.1
    transport = Transport(candidates, lambda action: linear(action) * torch.tensor([[[1.0], [100.0]]]))
    eta = transport.solve_eta(1.5, torch.tensor([[1.0, 0.0]]))
    # KL(N(m + shift, s^2) || N(m, s^2)) = shift^2 / (2 s^2), summed over the dimensions
    shift = eta * candidates[0, 0].var(0) * torch.tensor([0.5, -0.25])
    assert (shift.square() / (2.0 * candidates[0, 0].var(0))).sum().item() == pytest.approx(1.5, rel=1e-4)


def test_no_candidate_is_carried_further_than_a_deviation_nor_out_of_the_box():
    candidates = (0.95 + 0.04 * torch.randn(1, 1, 50, 2)).clamp(max=1.0)
    moved = Transport(candidates, linear).carry(torch.tensor([1e6]))
    assert ((moved - candidates).abs() <= candidates.std(2, keepdim=True) * 1.0001).all()
    assert moved[:, :, ::2].max() == 1.0


def test_the_critic_gets_no_gradient_from_the_slopes():
    slope = torch.nn.Parameter(torch.tensor([0.5, -0.25]))
    Transport(torch.randn(1, 1, 4, 2), lambda action: (action * slope).sum(-1))
    assert slope.grad is None
