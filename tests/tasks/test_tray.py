# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What carrying a tray pays and when it fails, by hand."""

import math
import torch
from types import SimpleNamespace

import pytest

from ddpl_isaac.assets.arm import CRADLE_POSITION, DEFAULT_JOINTS
from ddpl_isaac.tasks.arms_tray.scripted import JOINT_SPEED, carry, kinematics
from ddpl_isaac.tasks.arms_tray.signals import arm_signals
from ddpl_isaac.tasks.arms_tray.terms import ball_lost, tray_cost
from ddpl_isaac.tasks.arms_tray.tray_env import TrayEnv
from ddpl_isaac.tasks.arms_tray.tray_env_cfg import ArmsTrayEnvCfg, ArmsTraySceneCfg

ARMS = ["left_arm", "right_arm"]


def test_the_cost_counts_the_way_to_the_goal_the_tilt_and_the_way_of_the_ball_from_the_middle():
    distance, tilt = torch.tensor([0.0, 0.1, 0.0, 0.0]), torch.tensor([0.0, 0.0, 0.2, 0.0])
    ball = torch.tensor([[0.0, 0.0, 0.036], [0.0, 0.0, 0.036], [0.0, 0.0, 0.036], [0.03, -0.04, 0.036]])
    cost = tray_cost(ArmsTrayEnvCfg(), distance, tilt, ball)
    assert cost.tolist() == pytest.approx([0.0, 0.8, 0.4, 0.2])  # 8 d + 2 t + 4 b


def test_the_ball_is_lost_below_the_plate_or_where_it_is_no_number():
    place = torch.tensor([[0.3, 0.0, 0.0], [0.0, 0.0, -0.03], [0.0, 0.0, 0.036], [math.nan, 0.0, 0.1]])
    assert ball_lost(place, 0.03).tolist() == [False, True, False, True]


def test_targets_move_by_the_joint_s_speed_and_stay_near_the_joint_and_within_its_limits():
    command = torch.zeros(1, 7), torch.zeros(1, 7)
    env = SimpleNamespace(cfg=ArmsTrayEnvCfg(), step_dt=0.1, _targets=torch.zeros(2, 1, 7), _commands=command)
    env._joint_pos, env.scene = torch.zeros(2, 1, 7), SimpleNamespace(targets_changed=False)
    env._joint_limits = torch.full((1, 7), -0.02), torch.full((1, 7), 1.0)
    action = torch.tensor([[1.0, -1.0, 0.5, math.nan, 0.0, 0.0, 0.0]])
    for _ in range(5):
        TrayEnv._pre_physics_step(env, {"left_arm": action, "right_arm": 0.0 * torch.nan_to_num(action)})
    # 0.5 rad/s for 0.5 s, but no more than 0.2 rad ahead; the lower limit; half the speed; what is no number
    assert env._targets[0, 0].tolist() == pytest.approx([0.2, -0.02, 0.125, 0.0, 0.0, 0.0, 0.0])
    assert not env._targets[1].any()
    assert torch.equal(command[0], env._targets[0])
    assert env.scene.targets_changed


def test_an_arm_names_its_46_observations_and_7_actions():
    cfg = ArmsTrayEnvCfg()
    signals = arm_signals(cfg, [f"joint{i}" for i in range(1, 8)])
    for kind, sizes in (("observation", cfg.observation_spaces), ("action", cfg.action_spaces)):
        columns = sum(len(signal.entries) for signal in getattr(signals, kind))
        assert sizes == dict.fromkeys(ARMS, columns)


def test_the_bars_of_the_tray_lie_in_the_cradles_and_the_ball_on_the_plate():
    scene = ArmsTraySceneCfg(num_envs=1, env_spacing=3.0)
    left, right, tray, ball = (
        getattr(scene, name).init_state.pos for name in ("left_arm", "right_arm", "tray", "ball")
    )
    assert left == pytest.approx((-0.793676, 0.0, 0.0))  # the cradle's 0.523676 m and the bar's 0.27 m
    assert right == pytest.approx((0.793676, 0.0, 0.0))
    assert tray == pytest.approx((0.0, 0.0, 0.818519))
    assert ball[2] == pytest.approx(tray[2] + 0.006 + 0.03)


def test_the_script_s_jacobian_is_the_slope_of_its_pose():
    joints = torch.tensor([[0.3, -0.4, 0.2, -1.7, 0.5, 2.9, -0.6]], dtype=torch.float64)
    pose, jacobian = kinematics(joints)
    for column in range(7):
        moved, _ = kinematics(joints + 1e-6 * torch.eye(7, dtype=torch.float64)[column])
        torch.testing.assert_close((moved - pose)[0, :3, 3] / 1e-6, jacobian[0, :3, column], atol=1e-4, rtol=0.0)
    default, _ = kinematics(torch.tensor([[*DEFAULT_JOINTS.values()]]))
    assert default[0, :3, 3].tolist() == pytest.approx(CRADLE_POSITION, abs=1e-5)


def test_the_script_rests_at_the_goal_and_both_arms_rise_alike():
    cfg = ArmsTrayEnvCfg()
    assert cfg.joint_speed == JOINT_SPEED
    limits = torch.tensor([[-2.8973, 2.8973], [-1.7628, 1.7628], [-2.8973, 2.8973], [-3.0718, -0.0698],
                           [-2.8973, 2.8973], [-0.0175, 3.7525], [-2.8973, 2.8973]])  # fmt: skip
    joints = torch.tensor([*DEFAULT_JOINTS.values()])
    seen = torch.zeros(2, 46)
    seen[:, :7] = 2.0 * (joints - limits[:, 0]) / (limits[:, 1] - limits[:, 0]) - 1.0
    seen[:, 26] = CRADLE_POSITION[2]
    seen[1, 45] = 0.1  # the goal is above the tray
    actions = carry({"left_arm": seen, "right_arm": seen})
    torch.testing.assert_close(actions["left_arm"][0], torch.zeros(7), atol=1e-3, rtol=0.0)
    torch.testing.assert_close(actions["left_arm"], actions["right_arm"])
    _, jacobian = kinematics(joints[None])
    rise = jacobian[0] @ (JOINT_SPEED * actions["left_arm"][1])
    torch.testing.assert_close(rise, torch.tensor([0.0, 0.0, 0.1, 0.0, 0.0, 0.0]), atol=1e-3, rtol=0.0)
