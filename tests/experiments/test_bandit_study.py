# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Values of the bandits are exact, and a study is about what it says."""

import math
import torch

import pytest

from ddpl_isaac.config import ActorConfig, AlgorithmConfig, IssmConfig, SamplerConfig
from ddpl_isaac.experiments.bandit_study import BanditStudy, BestActions, one_mode, run_bandit, two_modes, waves

BEST = torch.tensor([[[0.5, -0.5]]])


def test_values_at_known_places():
    actions = torch.tensor([[[[0.5, -0.5], [-0.5, 0.5], [0.0, 0.0]]]])
    torch.testing.assert_close(one_mode(actions, BEST), torch.tensor([[[0.0, -2.0, -0.5]]]))
    # the smooth maximum of two equal values v is v + log(2) / 2
    middle, mode = -0.5 + math.log(2.0) / 2.0, math.log1p(math.exp(-4.0)) / 2.0
    torch.testing.assert_close(two_modes(actions, BEST), torch.tensor([[[mode, mode, middle]]]))


def test_best_actions_differ_between_seeds_and_states_and_lie_in_the_box():
    best = BestActions(2, 3, torch.Generator().manual_seed(0))
    actions = best(torch.randn(2, 50, 18, generator=torch.Generator().manual_seed(0)))
    assert actions.shape == (2, 50, 3)
    assert actions.abs().max() < 1.0
    assert actions.std(1).min() > 0.2
    assert not torch.allclose(best.first[0], best.first[1])


def test_the_error_of_the_values_has_the_deviation_that_is_named():
    generator = torch.Generator().manual_seed(0)
    phase = torch.rand(1, 20_000, 8, generator=generator) * 2.0 * math.pi
    error = waves(torch.zeros(1, 20_000, 1, 2), phase, torch.randn(1, 2, 8, generator=generator))
    assert error.std().item() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("proposal", ["mixture", "transported"])
def test_mirror_steps_raise_the_value(proposal):
    cfg = AlgorithmConfig(
        compile="eager",
        actor_batch_size=32,
        actor=ActorConfig(hidden_dims=[64], learning_rate=0.005),
        sampler=SamplerConfig(num_steps=5),
        issm=IssmConfig(proposal=proposal, num_candidates=16, reference_window=25),
    )
    history = run_bandit(BanditStudy("one_mode", "diffusion", 3, num_seeds=2, refreshes=2, noise=0.1), cfg)
    assert sum(history["return"][-1]) > 0.7 * sum(history["return"][0])
    assert "weaker_mode" not in history


def test_two_modes_are_counted_apart():
    cfg = AlgorithmConfig(compile="eager", actor=ActorConfig(hidden_dims=[8]), sampler=SamplerConfig(num_steps=3))
    history = run_bandit(BanditStudy("two_modes", "gaussian_forward_kl", 1, num_seeds=2, refreshes=1), cfg)
    # an untrained policy is symmetric: of 8 draws the rarer side has 2.9 on average
    assert sum(history["weaker_mode"][0]) / 2 == pytest.approx(0.363, abs=0.03)
