# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A policy that carries the tray by inverse kinematics: both arms move their cradles alike."""

from __future__ import annotations

import math
import torch
from collections.abc import Mapping

from ddpl_isaac.assets.arm import CRADLE_POSITION, DEFAULT_JOINTS
from ddpl_isaac.assets.arm_figures import CRADLE, HINGES

SPEED = 0.1
"""Greatest speed of a cradle [m/s]."""

JOINT_SPEED = 0.5
"""Speed of a joint's target at action 1 [rad/s], the task's own."""


def carry(observations: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the actions of both arms. Shape of each: (N, 7).

    Args:
        observations: What the arms observe, the left one first. Shape of each: (N, 46).
    """
    sides = (1.0, -1.0)  # the right arm's base is turned by half a turn about the vertical
    return {name: _act(seen, side) for (name, seen), side in zip(observations.items(), sides, strict=True)}


def _act(seen: torch.Tensor, side: float) -> torch.Tensor:
    """Return the action of one arm: its cradle goes where the goal is, and keeps its turn."""
    low, high = (seen.new_tensor([getattr(hinge, end) for hinge in HINGES]) for end in ("lower", "upper"))
    target = low + (seen[:, :7] + 1.0) / 2.0 * (high - low) + seen[:, 14:21]
    start = seen.new_tensor([0.0, 0.0, CRADLE_POSITION[2]])
    rise = (seen[:, 24:27] + seen[:, 43:46] - start) * seen.new_tensor([side, side, 1.0])
    pose, jacobian = kinematics(target)
    default, _ = kinematics(seen.new_tensor([[*DEFAULT_JOINTS.values()]]))
    way = default[:, :3, 3] + rise - pose[:, :3, 3]
    velocity = way * (SPEED / way.norm(dim=-1, keepdim=True).clamp(min=SPEED / 2.0))  # slower within 5 cm
    # half the sum of the cross products of wanted and present axes is the turn that is left, if it is small
    turn = torch.linalg.cross(pose[:, :3, :3], default[:, :3, :3].expand(len(pose), 3, 3), dim=1).sum(dim=-1) / 2.0
    joint_velocity = torch.linalg.pinv(jacobian) @ torch.cat([velocity, 2.0 * turn], dim=-1).unsqueeze(-1)
    action = joint_velocity.squeeze(-1) / JOINT_SPEED
    return action / action.abs().amax(dim=-1, keepdim=True).clamp(min=1.0)


def kinematics(joints: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pose and Jacobian of the cradle in the frame of the arm's base.

    Args:
        joints: Joint angles [rad]. Shape: (N, 7).

    Returns:
        The pose as matrices, shape (N, 4, 4), and velocity [m/s] and angular velocity [rad/s] for each joint's speed,
        shape (N, 6, 7).
    """
    pose = torch.eye(4, dtype=joints.dtype, device=joints.device).expand(len(joints), 4, 4)
    frames = []
    for hinge, angle in zip(HINGES, joints.unbind(dim=-1), strict=True):
        turn = hinge.alpha * math.pi / 2.0
        ca, sa, ct, st, one = math.cos(turn), math.sin(turn), angle.cos(), angle.sin(), torch.ones_like(angle)
        rows = [
            [ct, -st, 0.0 * one, hinge.a * one],
            [st * ca, ct * ca, -sa * one, -hinge.d * sa * one],
            [st * sa, ct * sa, ca * one, hinge.d * ca * one],
            [0.0 * one, 0.0 * one, 0.0 * one, one],
        ]
        pose = pose @ torch.stack([torch.stack(row, dim=-1) for row in rows], dim=1)
        frames.append(pose)
    tip = torch.eye(4, dtype=joints.dtype, device=joints.device)
    tip[2, 3] = CRADLE
    pose = pose @ tip
    axes = torch.stack([frame[:, :3, 2] for frame in frames], dim=-1)
    arms = torch.stack([pose[:, :3, 3] - frame[:, :3, 3] for frame in frames], dim=-1)
    return pose, torch.cat([torch.linalg.cross(axes, arms, dim=1), axes], dim=1)
