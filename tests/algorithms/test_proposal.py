# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Candidates come from where the proposal says."""

import torch

import pytest

from ddpl_isaac.algorithms.proposal import propose
from ddpl_isaac.config import IssmConfig

MASK = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
POLICY = torch.full((2, 50, 40, 2), 0.5) * MASK[:, None, None, :]


def test_policy_candidates_are_the_policys_own():
    assert torch.equal(propose(POLICY, MASK, IssmConfig(proposal="policy")), POLICY)


@pytest.mark.parametrize("proposal", ["mixture", "smoothed"])
def test_a_share_of_the_candidates_is_uniform(proposal):
    cfg = IssmConfig(proposal=proposal, uniform_share=0.25, smoothing_std=0.01)
    candidates = propose(POLICY, MASK, cfg)
    moved = (candidates - POLICY).abs().amax(-1) > 0.1
    # 4000 Bernoulli draws: five standard deviations are .034, and a tenth of uniform draws land beside the mode
    assert abs(moved.float().mean() - 0.25) < 0.06
    assert candidates[moved].min() < -0.9


def test_smoothed_candidates_spread_by_the_given_deviation():
    candidates = propose(POLICY, MASK, IssmConfig(proposal="smoothed", uniform_share=0.0, smoothing_std=0.1))
    assert abs(candidates[1].std() - 0.1) < 0.01


@pytest.mark.parametrize("proposal", ["policy", "mixture", "smoothed"])
def test_padding_stays_zero(proposal):
    assert propose(POLICY, MASK, IssmConfig(proposal=proposal))[0, ..., 1].abs().max() == 0.0


def test_an_unknown_proposal_is_refused():
    with pytest.raises(ValueError, match="policy, mixture, smoothed"):
        propose(POLICY, MASK, IssmConfig(proposal="uniform"))
