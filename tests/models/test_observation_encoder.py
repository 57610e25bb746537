# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The encoder of an observation: a product alone, or a network that stays decentralised."""

import torch

import pytest

from ddpl_isaac.models.observation_encoder import ObservationEncoder

A, R, O, W = 2, 3, 4, 5


@pytest.mark.parametrize("hidden_dims", [(), (6,), (6, 7)])
def test_an_agent_is_encoded_from_its_own_observation(hidden_dims):
    encoder, obs = ObservationEncoder(A, O, hidden_dims, W), torch.randn(A, R, O)
    before = encoder(obs)
    assert before.shape == (A, R, W)
    obs[1] += 1.0
    after = encoder(obs)
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_without_hidden_layers_it_is_a_linear_function():
    encoder, (a, b) = ObservationEncoder(A, O, (), W), torch.randn(2, A, R, O)
    bias = encoder(torch.zeros(A, R, O))
    torch.testing.assert_close(encoder(a + b) - bias, encoder(a) + encoder(b) - 2.0 * bias)
