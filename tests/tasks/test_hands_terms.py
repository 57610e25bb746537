# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Rewards and ends of episodes of the hands' tasks, by hand."""

import math
import torch
from types import SimpleNamespace

import pytest

from ddpl_isaac.tasks.hands.block_env import BlockEnv
from ddpl_isaac.tasks.hands.block_env_cfg import BlockEnvCfg
from ddpl_isaac.tasks.hands.hands_env import HandsEnv
from ddpl_isaac.tasks.shadow_hands.shadow_hands_env import ShadowHandsEnv
from ddpl_isaac.tasks.shadow_hands.shadow_hands_env_cfg import ShadowHandsEnvCfg
from ddpl_isaac.tasks.terms import about_vertical, angle_between, closeness, failed, tilt

HALF = math.sqrt(0.5)


def test_a_turn_about_the_vertical_has_half_its_angle_in_z_and_w():
    turns = about_vertical(torch.tensor([0.0, math.pi / 2, -math.pi]))
    expected = torch.tensor([[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, HALF, HALF], [0.0, 0.0, -1.0, 0.0]])
    torch.testing.assert_close(turns, expected, atol=1e-6, rtol=0.0)


def test_the_angle_between_rotations_is_the_shorter_way_round_and_does_not_mind_the_sign():
    turns = about_vertical(torch.tensor([0.3, -2.0, 3.0]))
    others = about_vertical(torch.tensor([0.1, 2.0, 3.0]))
    others[2] = -others[2]
    expected = torch.tensor([0.2, 2.0 * math.pi - 4.0, 0.0])
    torch.testing.assert_close(angle_between(turns, others), expected, atol=1e-3, rtol=0.0)


def test_the_tilt_is_the_angle_of_the_own_z_to_the_vertical_whatever_the_turn_about_it():
    half = math.sin(0.15), math.cos(0.15)
    turns = torch.tensor([[half[0], 0.0, 0.0, half[1]], [0.0, -half[0], 0.0, half[1]], [0.0, 0.0, HALF, HALF]])
    torch.testing.assert_close(tilt(turns), torch.tensor([0.3, 0.3, 0.0]), atol=1e-3, rtol=0.0)
    assert tilt(torch.tensor([[1.0, 0.0, 0.0, 0.0]])).item() == pytest.approx(math.pi, abs=1e-3)


def test_a_world_fails_where_the_object_lies_low_or_anything_is_no_number():
    pose, joints = torch.zeros(5, 7), torch.zeros(2, 5, 3)
    pose[:, 2] = torch.tensor([0.25, 0.24, 0.1, 0.5, 0.5])
    pose[3, 5] = torch.nan
    joints[1, 4, 2] = torch.inf
    assert failed(pose, joints, 0.24).tolist() == [False, True, True, True, True]


def test_the_handover_pays_for_the_distance_alone():
    env = SimpleNamespace(cfg=ShadowHandsEnvCfg())
    reward, at_goal = ShadowHandsEnv._judge(env, torch.tensor([0.0, 0.05, 0.1, 0.3]))
    assert reward.tolist() == pytest.approx([2.0, 0.735759, 0.270671, 0.0049575], rel=1e-4)  # 2 exp(-20 d)
    assert at_goal.tolist() == [True, True, False, False]


def test_a_block_is_paid_for_where_it_is_and_how_it_is_turned():
    turns = about_vertical(torch.tensor([0.0, 1.0, 0.4, 0.6]))
    env = SimpleNamespace(cfg=BlockEnvCfg(), extras={}, _object_pose=torch.cat([torch.zeros(4, 3), turns], dim=-1))
    env._goal_rot = about_vertical(torch.zeros(4))
    reward, at_goal = BlockEnv._judge(env, torch.tensor([0.0, 0.0, 0.05, 0.05]))
    # 2 exp(-10 d - 0.2 angle): exponents 0, 0.2, 0.58, 0.62
    assert reward.tolist() == pytest.approx([2.0, 1.637462, 1.119797, 1.075889], rel=1e-3)
    assert at_goal.tolist() == [True, False, True, False]  # within 0.1 m and 0.5 rad
    assert closeness(torch.zeros(1)).item() == 2.0
    assert env.extras["log"]["Metrics/goal_angle"].item() == pytest.approx(0.5, rel=1e-3)


def test_object_and_fingertips_of_both_hands_count_as_explored_environment_by_environment():
    tips = torch.arange(2.0 * 4 * 5 * 7).reshape(2, 4, 5, 7)  # hands, environments, fingertips, pose
    env = SimpleNamespace(_object_pose=torch.arange(28.0).reshape(4, 7), _fingertip_pose=tips)
    points = HandsEnv.exploration_points.fget(env)
    assert points["object"].tolist() == [[[7.0 * i, 7.0 * i + 1, 7.0 * i + 2]] for i in range(4)]
    assert points["fingertip"].shape == (4, 10, 3)
    assert torch.equal(points["fingertip"][2, :5], tips[0, 2, :, :3])
    assert torch.equal(points["fingertip"][2, 5:], tips[1, 2, :, :3])
