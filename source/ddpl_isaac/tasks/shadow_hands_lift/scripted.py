# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A policy that lifts the pot by its slides, with fingers that are bent a little and never move."""

from __future__ import annotations

import torch
from collections.abc import Mapping

from ddpl_isaac.assets.shadow_hand import TENDON_POSITION_LIMITS
from ddpl_isaac.assets.shadow_hand_figures import LINKS, MOTORS, SLIDES

BENT = 0.3
"""Command of the knuckles of four fingers, and of their tendons [rad]."""

LEAD = 0.05
"""How far the slides' targets go ahead at most [m]."""

JOINTS = len(LINKS) - 1 + len(SLIDES)
OBJECT = 2 * JOINTS + 65 + len(SLIDES) + len(MOTORS) + 4
"""Column of an observation at which the pot's begin: after joints, fingertips, last actions."""


def lift(observations: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the actions of both hands. Shape of each: (N, 22).

    Args:
        observations: What the hands observe. Shape of each: (N, 163).
    """
    return {name: _act(seen) for name, seen in observations.items()}


def _act(seen: torch.Tensor) -> torch.Tensor:
    """Return the action of one hand: its slide rises by what the pot lacks."""
    action = seen.new_tensor(_POSTURE).repeat(len(seen), 1)
    lacking = seen[:, OBJECT + 15] - seen[:, OBJECT + 2]
    action[:, 0] = seen[:, 0] + (2.0 * lacking).clamp(-LEAD, LEAD) / SLIDES[0][0].upper
    return action.clamp(-1.0, 1.0)


def _between(value: float, low: float, high: float) -> float:
    """Return the action for a command between limits."""
    return 2.0 * (value - low) / (high - low) - 1.0


def _posture() -> list[float]:
    """Return the action of flat hands whose fingers are bent: slides, motors, tendons, in their order."""
    joints = {link.joint.name: link.joint for link in LINKS if link.joint is not None}
    knuckles = {f"rh_{finger}J3" for finger in ("FF", "LF", "MF", "RF")}
    motors = [joints[motor.joint] for motor in MOTORS]
    bent = [_between(BENT if joint.name in knuckles else 0.0, joint.lower, joint.upper) for joint in motors]
    return [0.0] * len(SLIDES) + bent + [_between(BENT, *TENDON_POSITION_LIMITS)] * 4


_POSTURE = _posture()
