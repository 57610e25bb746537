# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What agents observe of hands and object, from where they stand or from where their role does.

Shapes: H hands, N environments, J joints, T fingertips.
"""

from __future__ import annotations

import torch
from typing import NamedTuple

from isaaclab.utils.math import quat_apply, quat_conjugate, quat_mul

from ddpl_isaac.errors import ConfigError


class Seen(NamedTuple):
    """Hands in the order of those who have them, the object, and where it is wanted; lengths in m, times in s."""

    joint_pos: torch.Tensor
    """Shape: (H, N, J)."""

    joint_vel: torch.Tensor
    """Shape: (H, N, J)."""

    fingertip_pose: torch.Tensor
    """Shape: (H, N, T, 7)."""

    fingertip_vel: torch.Tensor
    """Shape: (H, N, T, 6)."""

    action: torch.Tensor
    """The last commands of the hands, joints before tendons. Shape: (H, N, motors and tendons)."""

    object_pose: torch.Tensor
    """Shape: (N, 7)."""

    object_vel: torch.Tensor
    """Shape: (N, 6)."""

    goal_position: torch.Tensor
    """Shape: (N, 3)."""

    goal_rotation: torch.Tensor
    """Shape: (N, 4)."""


class Roles:
    """Two hands that stand alike take turns: role 0 throws, role 1 catches.

    Who has a role sees the world as if the hands had not taken turns: moved so that the throwing hand is where hand 0
    is. A throw back is then the throw that role 0 has practised all along, from where the object was caught.
    """

    def __init__(self, roots: torch.Tensor) -> None:
        """Find the motions that carry each hand to the other's place.

        Args:
            roots: Where the hands stand. Shape: (2, 7).

        Raises:
            ConfigError: If the two motions differ: no motion exchanges the hands then.
        """
        position, rotation = roots.split([3, 4], dim=-1)
        others = roots.flip(0)
        # of hand h to role j, [turn, j]: nothing moves in turn 0; in turn 1 each hand goes where the other one stands
        away = quat_mul(rotation, quat_conjugate(others[:, 3:]))
        self._turn = torch.stack([torch.tensor([[0.0, 0.0, 0.0, 1.0]] * 2).to(away), away])
        self._from = torch.stack([position, others[:, :3]])
        self._to = torch.stack([position, position])
        probe = torch.eye(3).to(position)
        moved = [self._move_point(probe, *self._motion(torch.ones(3, dtype=torch.long), role)) for role in (0, 1)]
        if not torch.allclose(moved[0], moved[1], atol=1e-4):
            raise ConfigError(
                "env.agents_change_hands is true; no motion of the scene exchanges these two hands, as half a turn "
                "does with hands that face each other. Leave it false for this task."
            )

    @staticmethod
    def exchanged(by_hand: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
        """Bring what belongs to hands into the order of roles, or back. Shape: (2, N, ...), (N,) -> (2, N, ...)."""
        return torch.where((turn == 1).view(-1, *[1] * (by_hand.dim() - 2)), by_hand.flip(0), by_hand)

    def see(self, seen: Seen, turn: torch.Tensor) -> Seen:
        """Return what the roles see.

        Args:
            seen: The scene, in the order of the hands.
            turn: 1 where hand 1 throws, 0 where hand 0 does. Shape: (N,).
        """
        joint_pos, joint_vel, tips, tip_vel, action = (self.exchanged(x, turn) for x in seen[:5])
        of_hands = [self._motion(turn, role) for role in (0, 1)]
        tips = torch.stack([self._move(pose, *motion) for pose, motion in zip(tips, of_hands, strict=True)])
        tip_vel = torch.stack([self._rotate(v, motion[0]) for v, motion in zip(tip_vel, of_hands, strict=True)])
        motion = of_hands[0]
        return Seen(
            joint_pos,
            joint_vel,
            tips,
            tip_vel,
            action,
            self._move(seen.object_pose, *motion),
            self._rotate(seen.object_vel, motion[0]),
            self._move_point(seen.goal_position, *motion),
            quat_mul(motion[0], seen.goal_rotation),
        )

    def _motion(self, turn: torch.Tensor, role: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return turn (N, 4), fixed point before (N, 3) and after (N, 3) of what carries a hand to its role's place."""
        return self._turn[turn, role], self._from[turn, role], self._to[turn, role]

    @staticmethod
    def _move_point(point: torch.Tensor, turn: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        return quat_apply(turn, point - before) + after

    def _move(self, pose: torch.Tensor, turn: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Move poses, of one body or several. Shape: (N, [T,] 7)."""
        turn, before, after = (_like(x, pose) for x in (turn, before, after))
        position, rotation = pose.split([3, 4], dim=-1)
        return torch.cat([self._move_point(position, turn, before, after), quat_mul(turn, rotation)], dim=-1)

    @staticmethod
    def _rotate(velocity: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
        """Turn linear and angular velocities, of one body or several. Shape: (N, [T,] 6)."""
        turn = _like(turn, velocity)
        return torch.cat([quat_apply(turn, part.contiguous()) for part in velocity.split(3, dim=-1)], dim=-1)


def _like(x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Repeat what belongs to environments for each of their bodies. Shape: (N, k) -> (N, [T,] k)."""
    return x if rows.dim() == 2 else x.unsqueeze(1).expand(-1, rows.shape[1], -1)
