# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Terms of the manipulation tasks: functions of tensors alone."""

from __future__ import annotations

import torch


def closeness(cost: torch.Tensor) -> torch.Tensor:
    """Return the reward ``2 exp(-cost)`` of what is left to a goal, 2 at the goal."""
    return 2.0 * torch.exp(-cost)


def angle_between(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Return the angle of the smallest turn from one rotation (x, y, z, w) to another [rad]. Shape: (N,)."""
    cosine = (first * second).sum(dim=-1).abs()
    return 2.0 * torch.acos(cosine.clamp(max=1.0))


def about_vertical(angle: torch.Tensor) -> torch.Tensor:
    """Return turns about z (x, y, z, w) by angles [rad]. Shape: (N, 4)."""
    half, zero = angle / 2.0, torch.zeros_like(angle)
    return torch.stack([zero, zero, half.sin(), half.cos()], dim=-1)


def failed(object_pose: torch.Tensor, joint_pos: torch.Tensor, lowest: float) -> torch.Tensor:
    """Tell which worlds must start anew: the object lies low, or something is no number. Shape: (N,).

    Args:
        object_pose: Position [m] and rotation. Shape: (N, 7).
        joint_pos: Joints of all robots [rad]. Shape: (R, N, J).
        lowest: Height at and below which the object was dropped [m].
    """
    total = object_pose.sum(dim=-1) + joint_pos.sum(dim=(0, 2))
    return (object_pose[:, 2] <= lowest) | ~torch.isfinite(total)


def tilt(rotation: torch.Tensor) -> torch.Tensor:
    """Return the angle between the vertical and a body's own z [rad]. Shape: (N,).

    Args:
        rotation: Rotation (x, y, z, w) of the body. Shape: (N, 4).
    """
    x, y = rotation[:, 0], rotation[:, 1]
    return torch.acos((1.0 - 2.0 * (x.square() + y.square())).clamp(-1.0, 1.0))
