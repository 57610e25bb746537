# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Actions, then the sine and the cosine of every frequency, for each network by its own frequencies."""

import math
import torch

import pytest

from ddpl_isaac.models.fourier_features import FourierFeatures


def test_features_by_hand():
    features = FourierFeatures(num_networks=2, action_dim=1, num_features=2)
    features.frequencies.data = torch.tensor([[[math.pi]], [[math.pi / 2]]])
    found = features(torch.tensor([[[0.5]], [[1.0]]]))
    assert found[0, 0].tolist() == pytest.approx([0.5, 1.0, 0.0], abs=1e-6)
    assert found[1, 0].tolist() == pytest.approx([1.0, 1.0, 0.0], abs=1e-6)


@pytest.mark.parametrize(("num_features", "width"), [(0, 3), (4, 7), (5, 7)])
def test_the_width_is_that_which_is_announced(num_features, width):
    features = FourierFeatures(num_networks=2, action_dim=3, num_features=num_features)
    assert features.out_features == features(torch.zeros(2, 5, 3)).shape[-1] == width


@pytest.mark.parametrize("action_dim", [1, 2, 20])
def test_the_spread_of_the_phase_does_not_grow_with_the_dimension_of_the_action(action_dim):
    torch.manual_seed(0)
    features = FourierFeatures(num_networks=1, action_dim=action_dim, num_features=4000)
    phase = torch.bmm(torch.ones(1, 1, action_dim), features.frequencies)
    assert phase.std().item() == pytest.approx(math.pi * math.sqrt(2.0), rel=0.05)
