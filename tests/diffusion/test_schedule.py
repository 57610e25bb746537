# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The coefficients of the chain are those of the forward process they invert."""

import torch

import pytest

from ddpl_isaac.config.schema import choices
from ddpl_isaac.diffusion.schedule import make_schedule

SCHEDULES, VARIANCES = choices("algorithm.sampler.schedule"), choices("algorithm.sampler.variance")


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("num_steps", [1, 5, 10, 20])
def test_signal_and_noise_preserve_the_variance(num_steps, name):
    schedule = make_schedule(num_steps, name)
    torch.testing.assert_close(schedule.signal.square() + schedule.noise.square(), torch.ones(num_steps))


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_second_order_extrapolates_between_steps_and_not_at_the_ends(name):
    schedule = make_schedule(5, name, "second_order")
    half_log_snr = (schedule.signal / schedule.noise).log()
    # a clean action that is linear in the half log-SNR is met in the middle of the coming step
    for h in range(1, 4):
        middle = 0.5 * (half_log_snr[h - 1] - half_log_snr[h])
        assert schedule.extrapolation[h] == pytest.approx(
            (middle / (half_log_snr[h] - half_log_snr[h + 1])).item(), rel=1e-3
        )
    assert schedule.extrapolation[0] == schedule.extrapolation[-1] == 0.0
    assert make_schedule(5, name, "beta").extrapolation.abs().max() == 0.0


@pytest.mark.parametrize("variance", VARIANCES)
def test_the_last_step_is_noiseless_and_returns_the_predicted_action(variance):
    schedule = make_schedule(10, variance=variance)
    assert schedule.std[0] == 0.0
    assert schedule.mean_clean[0] == pytest.approx(1.0)
    assert schedule.mean_noisy[0] == pytest.approx(0.0, abs=1e-6)


def test_the_posterior_mean_of_a_noiseless_chain_stays_on_the_chain():
    # with eps known exactly, the mean of x_{h-1} has the signal part of x_{h-1}, whatever is left of eps
    schedule = make_schedule(20)
    previous = torch.cat((torch.ones(1), schedule.signal[:-1]))
    torch.testing.assert_close(schedule.mean_clean + schedule.mean_noisy * schedule.signal, previous)


def test_the_upper_bound_of_the_variance_is_above_the_lower_bound():
    upper, lower = make_schedule(10, variance="beta"), make_schedule(10, variance="posterior")
    assert (upper.std[1:] > lower.std[1:]).all()


def test_hand_computed_cosine_level():
    # abar at half time: cos^2(((.5 + .008) / 1.008) pi / 2) / cos^2((.008 / 1.008) pi / 2) = .49376 / .99984
    assert make_schedule(2, "cosine").signal[0].square() == pytest.approx(0.49384, abs=2e-5)


@pytest.mark.parametrize("num_steps", [2, 10, 20])
def test_geometric_levels_fall_by_one_factor_from_drowned_to_resolved(num_steps):
    schedule = make_schedule(num_steps, "geometric")
    ratio = schedule.noise / schedule.signal
    assert ratio[-1] == pytest.approx(5.0, rel=1e-4)
    assert ratio[0] == pytest.approx(0.2 / num_steps, rel=1e-4)
    torch.testing.assert_close(ratio[1:] / ratio[:-1], (ratio[1] / ratio[0]).expand(num_steps - 1), rtol=1e-3, atol=0.0)


def test_a_chain_without_steps_is_refused():
    with pytest.raises(ValueError, match=r"at least one denoising step"):
        make_schedule(0)


@pytest.mark.parametrize("arguments", [("linear",), ("cosine", "learned")])
def test_a_name_that_does_not_exist_is_no_other_one(arguments):
    with pytest.raises(KeyError, match=arguments[-1]):
        make_schedule(10, *arguments)
