# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The minimiser of the weighted loss is the score of the target, and of the target alone (docs/method.md §5)."""

import math
import torch

from ddpl_isaac.diffusion.importance import fourth_moment, importance_weights
from ddpl_isaac.diffusion.schedule import make_schedule
from ddpl_isaac.diffusion.score_matching import diffuse, score_matching_loss

MASK = torch.ones(1, 1)


def test_loss_of_a_known_prediction():
    # the model predicts zero, so the loss is the mean of eps^2: (1 + 4) / 2, the last clipped to 3
    schedule, actions, noise = make_schedule(4), torch.zeros(1, 1, 2, 1), torch.tensor([[[[1.0], [2.0]]]])
    step = torch.zeros(1, 1, 2, dtype=torch.long)
    arguments = (lambda x, _: torch.zeros_like(x), actions, schedule, step, noise, MASK)
    torch.testing.assert_close(score_matching_loss(*arguments), torch.tensor([[2.5]]))
    torch.testing.assert_close(score_matching_loss(*arguments, loss_clip=3.0), torch.tensor([[2.0]]))


def test_padding_does_not_count():
    schedule, noise, step = make_schedule(4), torch.full((1, 1, 1, 2), 2.0), torch.zeros(1, 1, 1, dtype=torch.long)
    mask = torch.tensor([[1.0, 0.0]])
    loss = score_matching_loss(lambda x, _: 0 * x, torch.zeros(1, 1, 1, 2), schedule, step, noise, mask)
    torch.testing.assert_close(loss, torch.tensor([[4.0]]))


def minimiser(proposal_std, level=2, count=400_000):
    """Fit eps(x) = k x + c at one noise level to the target N(.3, .2^2) through candidates of N(0, s^2)."""
    generator = torch.Generator().manual_seed(0)
    schedule = make_schedule(5)
    actions = torch.randn(count, generator=generator) * proposal_std
    log_target = -((actions - 0.3) ** 2) / (2 * 0.2**2)
    log_weight = log_target + actions**2 / (2 * proposal_std**2)
    weights = importance_weights(log_weight.view(1, 1, -1), torch.ones(1)).flatten()
    noise = torch.randn(count, generator=generator)
    x = diffuse(actions.unsqueeze(-1), torch.full((count,), level), noise.unsqueeze(-1), schedule).squeeze(-1)
    features = torch.stack((x, torch.ones_like(x)), dim=1)
    weighted = features * weights.unsqueeze(1)
    return torch.linalg.solve(weighted.T @ features, weighted.T @ noise), schedule.signal[level], schedule.noise[level]


def exact(signal, noise):
    """Noise prediction of a Gaussian target, which is linear in x: the score is -eps / sqrt(1 - abar)."""
    slope = noise / (signal.square() * 0.2**2 + noise.square())
    return torch.stack((slope, -slope * signal * 0.3))


def test_the_minimiser_is_the_score_of_the_target_for_every_covering_proposal():
    for proposal_std in (0.3, 0.5, 1.0):
        found, signal, noise = minimiser(proposal_std)
        torch.testing.assert_close(found, exact(signal, noise), atol=0.03, rtol=0.0)


def test_a_proposal_that_does_not_cover_the_target_fails():
    found, signal, noise = minimiser(0.05)
    assert (found - exact(signal, noise)).abs().max() > 0.1


COUNTS = (250, 1_000, 4_000, 16_000)


def log_slope(values):
    """Slope of log values against log counts, by least squares."""
    x = torch.tensor(COUNTS).log()
    y = torch.tensor(values).log()
    return (((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()).item()


def candidates_of(target_std, proposal_std, count, repetitions=400):
    """Draw from N(0, s^2) with weights of N(.3, t^2), many times over."""
    generator = torch.Generator().manual_seed(count)
    actions = torch.randn(repetitions, count, generator=generator) * proposal_std
    log_weight = actions**2 / (2.0 * proposal_std**2) - (actions - 0.3) ** 2 / (2.0 * target_std**2)
    return actions, importance_weights(log_weight.unsqueeze(0), torch.ones(1))[0]


def denoising_error(proposal_std, count):
    """Mean square error of the weighted E[a | x_h] of count candidates at x_h = .25, signal .8, noise .6."""
    actions, weights = candidates_of(0.2, proposal_std, count)
    posterior = weights * torch.exp(-((0.25 - 0.8 * actions) ** 2) / (2.0 * 0.6**2))
    estimate = (posterior * actions).sum(-1) / posterior.sum(-1)
    truth = (0.8 * 0.25 / 0.36 + 0.3 / 0.04) / (0.8**2 / 0.36 + 1.0 / 0.04)
    return (estimate - truth).square().mean().item()


def test_the_error_of_the_denoised_action_falls_like_one_over_the_candidates_if_they_cover_the_target():
    for proposal_std in (0.3, 0.5, 1.0):
        assert log_slope([denoising_error(proposal_std, count) for count in COUNTS]) < -0.8
    # candidates that do not reach the target: more of them hardly help
    assert log_slope([denoising_error(0.02, count) for count in COUNTS]) > -0.1


def variation(proposal_std, count):
    """Mean square of the total variation between weighted candidates and their target, on cells of .05."""
    actions, weights = candidates_of(0.2, proposal_std, count)
    edges = torch.linspace(-2.0, 2.0, 81)
    cell = ((actions + 2.0) / 0.05).long().clamp(0, 79)
    found = torch.zeros(len(actions), 80).scatter_add_(1, cell, weights)
    truth = torch.special.ndtr((edges - 0.3) / 0.2).diff()
    return (0.5 * (found - truth).abs().sum(-1)).square().mean().item()


def test_the_variation_falls_with_the_candidates_and_grows_with_the_fourth_moment_of_their_weights():
    moments = []
    for proposal_std in (0.3, 0.5, 1.5):
        assert log_slope([variation(proposal_std, count) for count in COUNTS]) < -0.5
        moments.append(fourth_moment(candidates_of(0.2, proposal_std, 16_000)[1].unsqueeze(0)).mean().item())
    by_moment = sorted(zip(moments, (0.3, 0.5, 1.5), strict=True))
    errors = [variation(proposal_std, 4_000) for _, proposal_std in by_moment]
    assert errors == sorted(errors)
    assert log_slope([variation(0.05, count) for count in COUNTS]) > -0.3


def test_the_bias_of_self_normalisation_falls_with_the_number_of_candidates():
    # target: uniform candidates weighted by exp(eta a); bias of the weighted mean of a few candidates
    eta, generator = 6.0, torch.Generator().manual_seed(0)
    truth = 1.0 / math.tanh(eta) - 1.0 / eta
    biases = []
    for count in (4, 16, 64):
        actions = torch.rand(1, 200_000 // count, count, generator=generator) * 2.0 - 1.0
        mean = (importance_weights(actions, torch.tensor([eta])) * actions).sum(-1).mean()
        biases.append(abs(mean.item() - truth))
    assert biases[0] > 3.0 * biases[1] > 6.0 * biases[2]
