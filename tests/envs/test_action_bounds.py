# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Actions whose bounds cannot be scaled are refused by agent and column, before a simulator starts."""

import numpy as np

import gymnasium as gym
import pytest

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.action_bounds import bounds_of, describe_bounds
from ddpl_isaac.envs.vec_env import ActionLimits
from ddpl_isaac.errors import UserError
from ddpl_isaac.models.agent_stack import AgentStack

INF, HUGE = np.inf, 3.4e38


def specs(low, high, dtype=np.float32, stand_in=()):
    box = gym.spaces.Box(np.array(low, dtype), np.array(high, dtype), dtype=dtype)
    low, high = bounds_of("arm", box, ActionLimits(stand_in))
    return list(low), list(high)


def test_finite_equal_and_missing_bounds():
    assert specs([-2.0, 0.5, -INF], [3.0, 0.5, INF]) == ([-2.0, 0.5, -1.0], [3.0, 0.5, 1.0])


@pytest.mark.parametrize(("low", "high"), [(2.0, INF), (-INF, -2.0), (0.0, INF), (-5.0, INF), (-INF, 5.0)])
def test_half_infinite_bounds_are_refused(low, high):
    with pytest.raises(UserError, match=r"Column 1 of the action of 'arm' has the bounds \[.*cannot be scaled"):
        specs([-1.0, low], [1.0, high])


def test_action_bounds_take_the_place_of_infinite_ones_alone():
    assert specs([2.0, -INF, -1.0], [INF, INF, 1.0], stand_in=(-4.0, 6.0)) == ([2.0, -4.0, -1.0], [6.0, 6.0, 1.0])
    with pytest.raises(UserError, match=r"Column 0 .*bounds \[2, inf\], with agent.action_bounds \[2, 1\]"):
        specs([2.0], [INF], stand_in=(-1.0, 1.0))


@pytest.mark.parametrize(("low", "high"), [(-HUGE, HUGE), (0.0, 1e7), (-1e30, 0.0)])
def test_bounds_that_overflow_or_mean_none_are_refused(low, high):
    with pytest.raises(UserError, match=r"Column 0 of the action of 'arm' .* largest that can be scaled is"):
        specs([low], [high])


def test_a_bound_that_is_no_number_is_refused():
    box = gym.spaces.Box(-1.0, 1.0, (1,))
    box.low = np.array([np.nan], np.float32)
    with pytest.raises(UserError, match="must not be above"):
        bounds_of("arm", box, ActionLimits())


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_integers_are_refused(dtype):
    with pytest.raises(UserError, match=r"action of 'arm' is a box of .*int.*; DDPL acts in real numbers"):
        specs([0], [10], dtype)


def test_the_bounds_in_use_are_said():
    spaces = {"arm": gym.spaces.Box(-INF, INF, (3,)), "lid": gym.spaces.Box(-2.0, 2.0, (1,))}
    text = describe_bounds(spaces, ActionLimits())
    assert text == "Bounds of the actions: arm [-1, 1] x 3 (unbounded in the task: agent.action_bounds); lid [-2, 2]."
    assert "arm [-3, 5] x 3 (unb" in describe_bounds(spaces, ActionLimits((-3.0, 5.0)))


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (-HUGE, HUGE), (0.0, INF), (float("nan"), 1.0)])
def test_environments_outside_isaac_lab_are_held_to_the_same(low, high):
    agent = AgentSpec("arm", 1, slice(0, 2), (0.0, low), (1.0, high))
    with pytest.raises(UserError, match="Column 1 of the action of 'arm'"):
        AgentStack([agent], 0)
