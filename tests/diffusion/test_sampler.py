# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""With the exact score of a known target the chain reproduces the target."""

import torch

from ddpl_isaac.diffusion.sampler import ddpm_sample
from ddpl_isaac.diffusion.schedule import make_schedule


def gaussian_model(mean, std):
    """Exact noise prediction for a Gaussian target: eps = sqrt(1 - abar) (x - sqrt(abar) m) / var(x_h)."""

    def predict_noise(x, signal, noise):
        return noise * (x - signal * mean) / (signal.square() * std**2 + noise.square())

    return predict_noise


def sample(mean, std, num_steps, count=20_000, variance="beta"):
    schedule = make_schedule(num_steps, variance=variance)
    noise = torch.randn(num_steps, 1, count, 1, generator=torch.Generator().manual_seed(0))
    levels = [(step.signal, step.noise) for step in schedule.steps()]
    return ddpm_sample(gaussian_model(mean, std), schedule, noise, levels)


def test_mean_and_standard_deviation_of_a_gaussian_are_reproduced():
    actions = sample(mean=0.2, std=0.2, num_steps=40)
    assert abs(actions.mean() - 0.2) < 0.01
    assert abs(actions.std() - 0.2) < 0.02


def test_the_error_of_a_narrow_mode_shrinks_with_the_number_of_steps():
    errors = [abs(sample(0.0, 0.05, steps).std() - 0.05) for steps in (5, 10, 40)]
    assert errors[0] > errors[1] > errors[2]


def test_the_upper_variance_keeps_more_of_a_narrow_mode_than_the_lower():
    assert sample(0.0, 0.1, 10, variance="posterior").std() < sample(0.0, 0.1, 10, variance="beta").std() < 0.11


def test_the_chain_is_a_function_of_its_noise():
    assert torch.equal(sample(0.1, 0.3, 5), sample(0.1, 0.3, 5))


def test_actions_stay_in_the_box():
    actions = sample(mean=0.9, std=0.5, num_steps=10)
    assert actions.abs().max() <= 1.0
