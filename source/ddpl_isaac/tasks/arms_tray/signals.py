# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the columns of an arm's observation and action mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ddpl_isaac.envs.signals import AgentSignals, Signal

if TYPE_CHECKING:
    from .tray_env_cfg import ArmsTrayEnvCfg

_WORLD = "in the frame of the environment"


def arm_signals(cfg: ArmsTrayEnvCfg, joints: Sequence[str]) -> AgentSignals:
    """Name the columns of an arm's observation and action, which are the same for both arms.

    Args:
        cfg: Settings of the environment.
        joints: Joints in the order of the asset.
    """
    names, place = tuple(joints), tuple("xyz")
    observation = (
        Signal("joint_position", "-1 and 1 are the joint's limits", names),
        Signal("joint_velocity", "rad/s", names),
        Signal("target_lead", "rad by which the target is ahead of the joint", names),
        Signal("hand_position", f"m, {_WORLD}", place),
        Signal("tray_position", f"m, {_WORLD}", place),
        Signal("tray_rotation", f"quaternion x, y, z, w, {_WORLD}", tuple("xyzw")),
        Signal("tray_velocity", f"m/s, {_WORLD}", place),
        Signal("tray_angular_velocity", f"rad/s, {_WORLD}", place),
        Signal("ball_position", "m, in the frame of the tray", place),
        Signal("ball_velocity", "m/s against the tray, in its frame", place),
        Signal("way_to_goal", f"m, {_WORLD}", place),
    )
    unit = f"{cfg.joint_speed:g} rad/s, up to {cfg.joint_lead:g} rad ahead of the joint"
    return AgentSignals(observation, (Signal("target_velocity", unit, names),))
