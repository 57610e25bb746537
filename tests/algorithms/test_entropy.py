# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The entropy of samples, against numbers by hand and closed forms."""

import math
import torch

import pytest
from host_sync import forbid_host_sync

from ddpl_isaac.algorithms.entropy import RESOLUTION, nearest_neighbour_entropy


def test_two_samples_on_a_line():
    # psi(2) - psi(1) = 1; the unit ball of a line has the length 2; both distances are 0.25
    estimate = nearest_neighbour_entropy(torch.tensor([[0.5], [0.25]]))
    assert estimate.item() == pytest.approx(1.0 + math.log(2.0) + math.log(0.25), abs=1e-5)


def test_four_samples_in_a_plane():
    samples = torch.tensor([[0.0, 0.0], [0.3, 0.4], [1.0, 0.0], [1.0, 0.2]])
    # nearest distances 0.5, 0.5, 0.2, 0.2; psi(4) - psi(1) = 1 + 1/2 + 1/3; the unit disc has the area pi
    expected = 11.0 / 6.0 + math.log(math.pi) + 2.0 * (math.log(0.5) + math.log(0.2)) / 2.0
    assert nearest_neighbour_entropy(samples).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_a_gaussian_has_its_entropy_up_to_a_tenth_of_a_nat_per_dimension(dim):
    samples = 0.3 * torch.randn(512, dim, generator=torch.Generator().manual_seed(1))
    expected = dim * 0.5 * math.log(2.0 * math.pi * math.e * 0.3**2)
    assert nearest_neighbour_entropy(samples).item() == pytest.approx(expected, abs=0.1 * dim)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_uniform_samples_have_log_2_per_dimension_up_to_a_fifth_of_a_nat(dim):
    samples = 2.0 * torch.rand(512, dim, generator=torch.Generator().manual_seed(1)) - 1.0
    assert nearest_neighbour_entropy(samples).item() == pytest.approx(dim * math.log(2.0), abs=0.2 * dim)


def test_a_policy_of_half_the_width_has_log_2_less_per_dimension():
    samples = torch.rand(512, 40, generator=torch.Generator().manual_seed(1))
    narrower = nearest_neighbour_entropy(samples) - nearest_neighbour_entropy(0.5 * samples)
    assert narrower.item() == pytest.approx(40 * math.log(2.0), abs=1e-3)


def test_equal_samples_count_as_close_ones_and_stay_finite():
    estimate = nearest_neighbour_entropy(torch.ones(2, 1))
    assert estimate.item() == pytest.approx(1.0 + math.log(2.0) + math.log(RESOLUTION), abs=1e-4)
    assert nearest_neighbour_entropy(torch.ones(512, 40)).isfinite()


def test_samples_that_are_not_finite_do_not_count():
    samples = torch.tensor([[0.5], [math.nan], [0.25], [math.inf]])
    expected = nearest_neighbour_entropy(samples[[0, 2]])
    torch.testing.assert_close(nearest_neighbour_entropy(samples), expected)


def test_nothing_waits_for_the_device():
    samples = torch.rand(8, 3)
    with forbid_host_sync():
        nearest_neighbour_entropy(samples)
