# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""With the exact score of a known target the chain reproduces the target."""

import torch

import pytest

from ddpl_isaac.diffusion.sampler import ddpm_sample
from ddpl_isaac.diffusion.schedule import make_schedule


def gaussian_model(mean, std):
    """Exact noise prediction for a Gaussian target: eps = sqrt(1 - abar) (x - sqrt(abar) m) / var(x_h)."""

    def predict_noise(x, signal, noise):
        return noise * (x - signal * mean) / (signal.square() * std**2 + noise.square())

    return predict_noise


def sample(mean, std, num_steps, count=20_000, variance="second_order"):
    schedule = make_schedule(num_steps, variance=variance)
    noise = torch.randn(num_steps, 1, count, 1, generator=torch.Generator().manual_seed(0))
    levels = [(step.signal, step.noise) for step in schedule.steps()]
    return ddpm_sample(gaussian_model(mean, std), schedule, noise, levels)


def test_mean_and_standard_deviation_of_a_gaussian_are_reproduced():
    actions = sample(mean=0.2, std=0.2, num_steps=40)
    assert abs(actions.mean() - 0.2) < 0.01
    assert abs(actions.std() - 0.2) < 0.02


@pytest.mark.parametrize("std", [0.1, 0.2, 0.5])
def test_the_second_order_neither_narrows_nor_widens_a_policy(std):
    # what one refit does to the width, the next one does again: 20 % a time would undo what the values teach
    second, lower, upper = (sample(0.0, std, 10, variance=name).std() for name in ("second_order", "posterior", "beta"))
    clipped = (torch.randn(1_000_000, generator=torch.Generator().manual_seed(1)) * std).clamp(-1.0, 1.0).std()
    assert lower < 0.85 * clipped
    assert upper > 1.05 * clipped
    assert second == pytest.approx(clipped.item(), rel=0.05)


def two_modes(std, num_steps, schedule="geometric", variance="second_order", count=40_000):
    """Draw from modes at -.7 and .7; return total variation over cells of .04, and the share between the modes."""
    coefficients, modes = make_schedule(num_steps, schedule, variance), torch.tensor([-0.7, 0.7])

    def predict_noise(x, signal, noise):
        variance = signal.square() * std**2 + noise.square()
        distance = x - signal * modes
        share = torch.softmax(-distance.square() / (2.0 * variance), dim=-1)
        return noise / variance * (share * distance).sum(-1, keepdim=True)

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(num_steps, 1, count, 1, generator=generator)
    levels = [(step.signal, step.noise) for step in coefficients.steps()]
    drawn = ddpm_sample(predict_noise, coefficients, noise, levels).flatten()
    cells = torch.linspace(-1.0, 1.0, 51)
    cumulated = torch.special.ndtr((cells[:, None] - modes) / std).mean(-1)
    cumulated[0], cumulated[-1] = 0.0, 1.0  # what lies outside is clipped into the box
    error = 0.5 * (torch.histc(drawn, 50, -1.0, 1.0) / count - cumulated.diff()).abs().sum()
    return error.item(), (drawn.abs() < 0.7 - 5.0 * std).float().mean().item()


def test_the_error_of_the_chain_shrinks_with_the_number_of_steps():
    errors = [two_modes(0.08, steps)[0] for steps in (5, 10, 20)]
    assert errors[0] > 1.4 * errors[1]
    assert errors[1] > 1.2 * errors[2]


def test_the_default_chain_leaves_less_between_the_modes_than_the_cosine_chain():
    # the score is exact: what lies between is the chain's own error, which a team of n agents pays n times
    for std in (0.02, 0.05):
        cosine, default = two_modes(std, 10, "cosine", "beta"), two_modes(std, 10)
        assert default[0] < 0.8 * cosine[0]
        assert default[1] < 0.1 * cosine[1]
        assert cosine[1] > 0.005


def test_the_chain_is_a_function_of_its_noise():
    assert torch.equal(sample(0.1, 0.3, 5), sample(0.1, 0.3, 5))


def test_actions_stay_in_the_box():
    actions = sample(mean=0.9, std=0.5, num_steps=10)
    assert actions.abs().max() <= 1.0
