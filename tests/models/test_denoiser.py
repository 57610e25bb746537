# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising network is a Gaussian policy plus what it leaves."""

import torch

import pytest

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models.diffusion_actor import DiffusionActor

A, O, D = 2, 3, 2


def make_actor(**kwargs):
    torch.manual_seed(0)
    return DiffusionActor(O, torch.ones(A, D), ActorConfig(hidden_dims=[16, 16], **kwargs), SamplerConfig())


def test_the_untrained_policy_is_a_gaussian_of_the_initial_deviation_whatever_it_sees():
    actions = make_actor(initial_std=0.3).sample(torch.randn(4, A, O) * 10.0, 20_000)
    torch.testing.assert_close(actions.mean(2), torch.zeros(A, 4, D), atol=0.01, rtol=0.0)
    torch.testing.assert_close(actions.std(2), torch.full((A, 4, D), 0.3), atol=0.0, rtol=0.05)


@pytest.mark.parametrize("std", [0.05, 0.1, 0.3])
def test_the_chain_draws_from_the_gaussian_that_the_observation_names(std):
    actor = make_actor()
    gaussian = actor.denoiser.gaussian.layers[-1]
    gaussian.bias.data[..., :D] = torch.tensor([0.4, -0.3])
    gaussian.bias.data[..., D:] = torch.tensor(std).log()
    actions = actor.sample(torch.zeros(1, A, O), 40_000)[:, 0]
    torch.testing.assert_close(actions.mean(1), torch.tensor([[0.4, -0.3]] * A), atol=0.01, rtol=0.0)
    torch.testing.assert_close(actions.std(1), torch.full((A, D), std), atol=0.0, rtol=0.12 if std < 0.1 else 0.05)


def test_the_noise_prediction_of_the_gaussian_is_the_conditional_mean():
    """E[eps | x] by regression on draws, at a level where signal and noise are alike."""
    actor = make_actor()
    gaussian = actor.denoiser.gaussian.layers[-1]
    gaussian.bias.data[..., :D], gaussian.bias.data[..., D:] = 0.4, torch.tensor(0.3).log()
    level = 4
    signal, noise = actor.schedule.signal[level], actor.schedule.noise[level]
    clean, eps = 0.4 + 0.3 * torch.randn(200_000), torch.randn(200_000)
    x = signal * clean + noise * eps
    slope = torch.cov(torch.stack((x, eps)))[0, 1] / x.var()
    line = eps.mean() + slope * (torch.tensor([-1.0, 0.5]) - x.mean())
    encoded = actor.denoiser.encode(torch.zeros(A, 2, O))
    time = actor.denoiser.time_table()[:, level : level + 1]
    points = torch.tensor([[-1.0, -1.0], [0.5, 0.5]]).expand(A, 2, D)
    predicted = actor.denoiser(points, encoded, time, signal, noise)
    torch.testing.assert_close(predicted, line[None, :, None].expand(A, 2, D), atol=0.01, rtol=0.0)


def test_the_error_of_the_gaussian_on_its_own_draws_is_the_conditional_variance():
    """What is left is of the size by which the network's output is scaled, so that its targets have variance 1."""
    actor = make_actor(initial_std=0.3, loss_clip=1e6)
    actions = 0.3 * torch.randn(A, 2_000, 16, D)
    loss = actor.score_matching_loss(torch.zeros(2_000, A, O), actions).mean(1)
    scaled = (actor.schedule.signal * 0.3).square()
    left = (scaled / (scaled + actor.schedule.noise.square())).mean()
    torch.testing.assert_close(loss, (D * left).expand(A), atol=0.0, rtol=0.02)
