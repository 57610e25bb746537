# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Which bounds of actions can be scaled to [-1, 1]."""

from __future__ import annotations

import itertools
import math
import numpy as np
from collections.abc import Mapping

import gymnasium as gym

from ddpl_isaac.envs.vec_env import ActionLimits
from ddpl_isaac.errors import UserError

Bounds = tuple[tuple[float, ...], tuple[float, ...]]
"""Lower and upper bounds."""


def bounds_of(name: str, box: gym.spaces.Box, limits: ActionLimits) -> Bounds:
    """Return the bounds of an agent's action, all finite.

    Args:
        name: Name of the agent.
        box: Space of its action, a vector.
        limits: What bounds may be, and what takes the place of infinite ones.

    Raises:
        UserError: If the box is one of integers, or a bound cannot be scaled; names agent and column.
    """
    if not np.issubdtype(box.dtype, np.floating):
        raise UserError(
            f"The action of '{name}' is a box of {box.dtype}; DDPL acts in real numbers. Declare a box of float32 with"
            " the same bounds and round in the task."
        )
    pairs = [
        _scalable(f"Column {column} of the action of '{name}'", float(low), float(high), limits)
        for column, (low, high) in enumerate(zip(box.low, box.high, strict=True))
    ]
    return tuple(low for low, _ in pairs), tuple(high for _, high in pairs)


def describe_bounds(boxes: Mapping[str, gym.spaces.Box], limits: ActionLimits) -> str:
    """Return a line on the bounds in use, by the names of the agents.

    Raises:
        UserError: As in :func:`bounds_of`.
    """
    parts = []
    for name, box in boxes.items():
        low, high = bounds_of(name, box, limits)
        runs = [(bounds, len(list(run))) for bounds, run in itertools.groupby(zip(low, high, strict=True))]
        text = ", ".join(f"[{a:g}, {b:g}]{f' x {count}' if count > 1 else ''}" for (a, b), count in runs)
        unbounded = not (np.isfinite(box.low).all() and np.isfinite(box.high).all())
        parts.append(f"{name} {text}{' (unbounded in the task: agent.action_bounds)' if unbounded else ''}")
    return f"Bounds of the actions: {'; '.join(parts)}."


def _scalable(what: str, low: float, high: float, limits: ActionLimits) -> tuple[float, float]:
    """Return the bounds of a column, with the stand-in for infinite ones.

    Raises:
        UserError: If they cannot be scaled to [-1, 1].
    """
    given = f"{what} has the bounds [{low:g}, {high:g}]"
    infinite = math.isinf(low), math.isinf(high)
    stand_in = limits.stand_in or ((-1.0, 1.0) if all(infinite) else None)
    if any(infinite) and stand_in is None:
        raise UserError(
            f"{given}, which cannot be scaled to [-1, 1]. Give it two finite bounds in the task's action_spaces, or set"
            " agent.action_bounds=[low,high], which takes the place of infinite ones."
        )
    if stand_in:
        low, high = stand_in[0] if infinite[0] else low, stand_in[1] if infinite[1] else high
    if not low <= high:
        inserted = f", with agent.action_bounds [{low:g}, {high:g}]" if any(infinite) else ""
        raise UserError(f"{given}{inserted}; the lower one must not be above the upper one.")
    if max(abs(low), abs(high)) > limits.largest:
        raise UserError(
            f"{given}; the largest that can be scaled is agent.max_magnitude = {limits.largest:g}. Give it the bounds"
            " that the task uses, or infinite ones and agent.action_bounds=[low,high]."
        )
    return low, high
