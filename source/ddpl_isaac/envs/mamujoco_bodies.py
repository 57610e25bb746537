# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Rewards and falls of the MuJoCo bodies, those of gymnasium's ``-v5`` environments, for batches of rows.

A row holds what MuJoCo computed for one environment; :class:`Rows` names its columns. Units are SI.
"""

from __future__ import annotations

import numpy as np
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_INF = float("inf")


@dataclass(frozen=True)
class Body:
    """What is paid, and when an episode ends in a fall."""

    arrays: tuple[str, ...] = ("qpos", "qvel")
    """Fields of ``mjData`` that observations and rewards are made of."""

    forward_weight: float = 1.0
    """Reward per velocity along x [s/m]."""

    control_weight: float = 0.1
    """Cost of the sum of the squared controls."""

    contact: Callable[[np.ndarray], np.ndarray] | None = None
    """Function of the external forces on the parts (n, parts * 6) to the cost of contacts (n,)."""

    alive: float = 0.0
    """Reward of a step after which the body is upright."""

    height: tuple[int, float, float] | None = None
    """Column of ``qpos`` and bounds between which the body is upright [m]; None for a body that cannot fall."""

    closed: bool = False
    """Whether the bounds of the height still count as upright."""

    angle: float = _INF
    """Largest angle, ``qpos[2]``, of an upright body [rad]."""

    speed: float = _INF
    """Largest absolute value, without units, in the state behind the first two entries of an upright body."""

    place: Callable[[Any, Rows], np.ndarray] = lambda _, rows: rows["qpos"][:, 0]
    """Function of the model and the rows to the x at which the body is [m]. Shape: (n,)."""


class Rows:
    """A matrix with a row per environment and a block of columns per field of ``mjData``."""

    def __init__(self, num_envs: int, sizes: dict[str, int]) -> None:
        """Allocate the matrix for blocks of the given sizes."""
        ends = np.cumsum(list(sizes.values()))
        self.blocks = {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}
        self.matrix = np.zeros((num_envs, ends[-1]))

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the block of a field. Shape: (num_envs, size)."""
        return self.matrix[:, self.blocks[name]]


def upright(body: Body, rows: Rows) -> np.ndarray:
    """Tell which bodies have not fallen. Shape: (n,)."""
    qpos, state = rows["qpos"], np.concatenate((rows["qpos"], rows["qvel"]), axis=1)
    result = np.isfinite(state).all(1)
    if body.height is not None:
        column, low, high = body.height
        height = qpos[:, column]
        result &= (low <= height) & (height <= high) if body.closed else (low < height) & (height < high)
    if body.angle < _INF:
        result &= np.abs(qpos[:, 2]) < body.angle
    if body.speed < _INF:
        result &= (np.abs(state[:, 2:]) < body.speed).all(1)
    return result


def reward(body: Body, rows: Rows, controls: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Return what a step pays.

    Args:
        body: Rules.
        rows: State after the step.
        controls: Controls of the step. Shape: (n, actuators).
        velocity: Mean velocity along x during the step [m/s]. Shape: (n,).

    Returns:
        Reward. Shape: (n,).
    """
    result = body.forward_weight * velocity + body.alive * upright(body, rows)
    result -= body.control_weight * np.square(controls).sum(1)
    return result if body.contact is None else result - body.contact(rows["cfrc_ext"])


def _center_of_mass(model: Any, rows: Rows) -> np.ndarray:
    """Return the x of the centre of mass [m]. Shape: (n,)."""
    return rows["xipos"][:, ::3] @ (model.body_mass / model.body_mass.sum())


BODIES = {
    "Ant": Body(
        arrays=("qpos", "qvel", "cfrc_ext", "xpos"),
        control_weight=0.5,
        contact=lambda force: 5e-4 * np.square(force.clip(-1.0, 1.0)).sum(1),
        alive=1.0,
        height=(2, 0.2, 1.0),
        closed=True,
        place=lambda _, rows: rows["xpos"][:, 3],  # the torso is body 1
    ),
    "HalfCheetah": Body(),
    "Hopper": Body(control_weight=1e-3, alive=1.0, height=(1, 0.7, _INF), angle=0.2, speed=100.0),
    "Humanoid": Body(
        arrays=("qpos", "qvel", "cinert", "cvel", "qfrc_actuator", "cfrc_ext", "xipos"),
        forward_weight=1.25,
        contact=lambda force: np.minimum(5e-7 * np.square(force).sum(1), 10.0),
        alive=5.0,
        height=(2, 1.0, 2.0),
        place=_center_of_mass,
    ),
    "Swimmer": Body(control_weight=1e-4),
    "Walker2d": Body(control_weight=1e-3, alive=1.0, height=(1, 0.8, 2.0), angle=1.0),
}
"""The bodies by the name of their environment in gymnasium."""
