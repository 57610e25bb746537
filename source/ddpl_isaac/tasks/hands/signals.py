# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the columns of a hand's observation and action mean."""

from __future__ import annotations

from collections.abc import Sequence

from ddpl_isaac.envs.signals import AgentSignals, Signal


def hand_signals(
    joints: Sequence[str],
    fingertips: Sequence[str],
    motors: Sequence[str],
    tendons: Sequence[str],
    *,
    object_name: str,
    frame: str,
    velocity_scale: float,
    moving_average: float,
    tendon_limits: tuple[float, float],
) -> AgentSignals:
    """Name the columns of a hand's observation and action, which are the same for all hands.

    Args:
        joints: Joints in the order of the asset.
        fingertips: Bodies whose motion is observed.
        motors: Joints that an action moves.
        tendons: Tendons that an action moves.
        object_name: What is thrown.
        frame: What positions and directions refer to, such as "in the frame of the environment".
        velocity_scale: Factor of angular velocities in the observation.
        moving_average: Share of the new target in a joint's moving average of targets, in (0, 1].
        tendon_limits: Positions of a tendon at -1 and 1 [rad].
    """
    scaled = f"{velocity_scale:g} x rad/s"
    quaternion = f"quaternion x, y, z, w, {frame}"
    actions = (
        Signal(
            "joint_target",
            f"-1 and 1 are the joint's limits; {moving_average:.0%} of the way per step",
            tuple(motors),
        ),
        Signal(
            "tendon_target",
            "-1 and 1 are {:g} and {:g} rad".format(*tendon_limits),
            tuple(tendons),
        ),
    )
    own = (
        Signal("joint_position", "-1 and 1 are the joint's limits", tuple(joints)),
        Signal("joint_velocity", scaled, tuple(joints)),
        Signal("fingertip_position", f"m, {frame}", _each(fingertips, "xyz")),
        Signal("fingertip_rotation", quaternion, _each(fingertips, "xyzw")),
        Signal(
            "fingertip_velocity", f"m/s and rad/s, {frame}", _each(fingertips, ("vx", "vy", "vz", "wx", "wy", "wz"))
        ),
        Signal("last_action", "as the action", (*motors, *tendons)),
    )
    return AgentSignals((*own, *_object_signals(object_name, frame, scaled, quaternion)), actions)


def _object_signals(name: str, frame: str, scaled: str, quaternion: str) -> tuple[Signal, ...]:
    """Name the columns of the object and its goal, with the meanings of scaled velocities and of rotations."""
    return (
        Signal(f"{name}_position", f"m, {frame}", tuple("xyz")),
        Signal(f"{name}_rotation", quaternion, tuple("xyzw")),
        Signal(f"{name}_velocity", f"m/s, {frame}", tuple("xyz")),
        Signal(f"{name}_angular_velocity", scaled, tuple("xyz")),
        Signal("goal_position", f"m, {frame}", tuple("xyz")),
        Signal("goal_rotation", quaternion, tuple("xyzw")),
        Signal(f"goal_to_{name}_rotation", quaternion, tuple("xyzw")),
    )


def _each(bodies: Sequence[str], components: Sequence[str]) -> tuple[str, ...]:
    """Name every component of every body, bodies first."""
    return tuple(f"{body}.{component}" for body in bodies for component in components)
