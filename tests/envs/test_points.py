# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task wants counted as explored."""

import torch
from types import SimpleNamespace

import pytest

from ddpl_isaac.envs.points import points_of
from ddpl_isaac.errors import UserError


def test_a_task_that_tells_nothing_has_no_points():
    assert points_of(SimpleNamespace()) == {}


def test_points_are_passed_on_as_the_task_tells_them():
    points = {"object": torch.rand(4, 1, 3)}
    assert points_of(SimpleNamespace(exploration_points=points)) == points


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 2)])
def test_another_shape_is_refused(shape):
    task = SimpleNamespace(exploration_points={"object": torch.rand(shape)})
    with pytest.raises(UserError, match=r"exploration_points\['object'\] .* \(num_envs, points, 3\)"):
        points_of(task)
