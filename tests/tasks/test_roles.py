# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Agents that are roles and change hands, by hand; and two worlds that are half a turn of each other."""

import math
import subprocess
import sys
import torch
from pathlib import Path

import pytest

from isaaclab.envs import DirectMARLEnvCfg
from isaaclab_tasks.utils import resolve_task_config

from ddpl_isaac.errors import ConfigError
from ddpl_isaac.tasks.hands.roles import Roles, Seen

HALF = math.sqrt(0.5)
FACING = torch.tensor([[0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0], [0.0, -1.0, 0.5, 0.0, 0.0, 1.0, 0.0]])
TURNS = torch.tensor([0, 1])  # two environments: hand 0 throws in the first, hand 1 in the second


def scene() -> Seen:
    """The same state in both environments."""
    fingertips = torch.tensor([[0.1, -0.3, 0.6, 0.0, 0.0, HALF, HALF], [0.2, -0.7, 0.5, 0.0, 0.0, 1.0, 0.0]])
    spin = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    return Seen(
        joint_pos=torch.tensor([[[1.0]] * 2, [[2.0]] * 2]),
        joint_vel=torch.tensor([[[3.0]] * 2, [[4.0]] * 2]),
        fingertip_pose=fingertips[:, None, None].expand(2, 2, 1, 7),
        fingertip_vel=torch.stack([spin, 10.0 * spin])[:, None, None].expand(2, 2, 1, 6),
        action=torch.tensor([[[5.0]] * 2, [[6.0]] * 2]),
        object_pose=torch.tensor([[0.1, -0.3, 0.6, 0.0, 0.0, 0.0, 1.0]] * 2),
        object_vel=spin.expand(2, 6),
        goal_position=torch.tensor([[0.0, -0.36, 0.55]] * 2),
        goal_rotation=torch.tensor([[0.0, 0.0, 0.0, 1.0]] * 2),
    )


def _with_roles(task: str) -> DirectMARLEnvCfg:
    cfg = resolve_task_config(task, None, overrides=[])[0]
    cfg.agents_change_hands = True
    return cfg


def test_nothing_changes_while_the_first_hand_throws():
    for seen, before in zip(Roles(FACING).see(scene(), TURNS), scene(), strict=True):
        environments = 1 if len(seen) == 2 and seen.dim() > 2 else 0
        torch.testing.assert_close(seen.select(environments, 0), before.select(environments, 0))


def test_the_hand_that_throws_back_sees_half_a_turn_about_the_middle():
    seen = Roles(FACING).see(scene(), TURNS)
    assert [x[:, 1, 0].tolist() for x in (seen.joint_pos, seen.joint_vel, seen.action)] == [[2, 1], [4, 3], [6, 5]]
    torch.testing.assert_close(seen.fingertip_pose[:, 1, 0, :3], torch.tensor([[-0.2, -0.3, 0.5], [-0.1, -0.7, 0.6]]))
    half_turned = torch.tensor([-1.0, -2.0, 3.0, -4.0, -5.0, 6.0])
    torch.testing.assert_close(seen.fingertip_vel[:, 1, 0], torch.stack([10.0 * half_turned, half_turned]))
    torch.testing.assert_close(seen.object_pose[1, :3], torch.tensor([-0.1, -0.7, 0.6]))
    torch.testing.assert_close(seen.object_pose[1, 3:].abs(), torch.tensor([0.0, 0.0, 1.0, 0.0]))
    torch.testing.assert_close(seen.object_vel[1], half_turned)
    torch.testing.assert_close(seen.goal_position[1], torch.tensor([0.0, -0.64, 0.55]))


def test_rotations_of_a_role_have_the_signs_that_its_place_has():
    # a rotation has two quaternions; networks must meet the one that they know, whichever hand has the role
    roots = FACING[:, None, None].expand(2, 2, 1, 7)
    seen = Roles(FACING).see(scene()._replace(fingertip_pose=roots), TURNS)
    torch.testing.assert_close(seen.fingertip_pose, roots)


def test_what_was_brought_into_the_order_of_roles_goes_back_the_same_way():
    by_hand = torch.rand(2, 2, 3)
    by_role = Roles.exchanged(by_hand, TURNS)
    assert torch.equal(by_role[:, 1], by_hand[:, 1].flip(0))
    assert torch.equal(Roles.exchanged(by_role, TURNS), by_hand)


def test_hands_side_by_side_cannot_take_turns():
    beside = torch.tensor([[0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0], [0.3, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0]])
    with pytest.raises(ConfigError, match=r"env\.agents_change_hands is true; no motion of the scene exchanges"):
        Roles(beside)


def test_a_task_of_such_hands_says_so_before_it_is_made():
    with pytest.raises(ConfigError, match=r"env\.agents_change_hands is true; no motion of the scene exchanges"):
        _with_roles("DDPL-Shadow-Hands-CatchAbreast").validate_config()


@pytest.mark.parametrize(("number", "last"), [(1, "catching_hand"), (6, "catching_hand_little_finger")])
def test_agents_are_named_by_their_roles(number, last):
    cfg = _with_roles("DDPL-Shadow-Hands")
    cfg.agents_per_hand = number
    cfg.validate_config()
    assert cfg.possible_agents[0].startswith("throwing_hand")
    assert cfg.possible_agents[-1] == last
    assert len(cfg.possible_agents) == 2 * number


def test_a_throw_back_is_seen_as_the_throw_and_moves_the_same(tmp_path: Path):
    script = Path(__file__).with_name("record_roles.py")
    file = tmp_path / "seen.pt"
    result = subprocess.run([sys.executable, script, file], capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    steps = torch.load(file)
    torch.testing.assert_close(steps["goals"], torch.tensor([[0.0, -0.64], [0.0, -0.36]]))
    # equal but for rounding until the object lands, which lets rounding grow
    for seen in (steps["state"], steps["throwing_hand"], steps["catching_hand"]):
        assert seen.shape[:2] == (8, 2)
        torch.testing.assert_close(seen[:4, 0], seen[:4, 1], atol=2e-4, rtol=0.0)
        torch.testing.assert_close(seen[4:, 0], seen[4:, 1], atol=0.1, rtol=0.0)
    assert (steps["state"][-1, 0] - steps["state"][0, 0]).abs().max() > 0.5
