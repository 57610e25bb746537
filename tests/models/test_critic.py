# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Marginal values are averages of plain values, and twins and agents do not mix."""

import math
import torch

import pytest

from ddpl_isaac.config import CriticConfig
from ddpl_isaac.models.critic import CentralCritic, LocalCritic

A, B, M, L, O, S, D = 3, 4, 5, 2, 6, 7, 2


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    shapes = ((B, S), (B, A, O), (A, B, M, D), (A, B, L, D))
    return [torch.randn(shape, generator=generator) for shape in shapes]


def plain_marginal(critic, state, obs, candidates, others, reduce):
    """Evaluate every candidate with every draw by the critic's own forward pass."""
    values = torch.empty(A, B, M, L)
    for i in range(A):
        for j in range(M):
            for draw in range(L):
                joint = others[:, :, draw].transpose(0, 1).clone()
                joint[:, i] = candidates[i, :, j]
                values[i, :, j, draw] = critic(state, obs, joint)[:, 0].mean(0)
    return reduce(values)


@pytest.mark.parametrize(
    ("rule", "reduce"),
    [("mean", lambda v: v.mean(-1)), ("lse", lambda v: v.logsumexp(-1) - math.log(L))],
)
def test_the_central_marginal_averages_over_the_same_draws_for_all_candidates(inputs, rule, reduce):
    critic = CentralCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16], marginal=rule))
    with torch.no_grad():
        torch.testing.assert_close(critic.marginal(*inputs), plain_marginal(critic, *inputs, reduce))


def test_the_local_value_of_an_agent_ignores_the_others(inputs):
    critic = LocalCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, others = inputs
    before = critic.marginal(state, obs, candidates, others)
    changed = obs.clone()
    changed[:, 1:] += 1.0
    after = critic.marginal(state, changed, candidates, others)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1])


def test_the_local_marginal_is_the_mean_of_the_twins(inputs):
    critic = LocalCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, others = inputs
    values = critic(state, obs, candidates[:, :, 0].transpose(0, 1))
    torch.testing.assert_close(critic.marginal(state, obs, candidates, others)[:, :, 0], values.mean(0))
