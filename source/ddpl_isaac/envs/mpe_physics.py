# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The physics of particles: unit masses in a plane without units that push each other off by a soft contact.

Equal to mpe2 1.1.1. Shape legend: N environments, A agents, L landmarks, C words of the language.
"""

from __future__ import annotations

import torch
from typing import NamedTuple

STEP_DT = 0.1
"""Time that a step takes."""

_DAMPING = 0.25
_FORCE_OF_ACTION = 5.0
_CONTACT_FORCE = 100.0
_CONTACT_MARGIN = 1e-3


class WorldState(NamedTuple):
    """What changes in a batch of worlds."""

    position: torch.Tensor
    """Shape: (N, A, 2)."""

    velocity: torch.Tensor
    """Shape: (N, A, 2)."""

    landmark: torch.Tensor
    """Positions. Shape: (N, L, 2)."""

    goal: torch.Tensor
    """Index of the landmark that each agent wants another one to be at. Shape: (N, A)."""

    message: torch.Tensor
    """What each agent said in the last step. Shape: (N, A, C)."""


def push(actions: torch.Tensor) -> torch.Tensor:
    """Return the force of the actions (idle, left, right, down, up), each in [0, 1]. Shape: (..., 5) -> (..., 2)."""
    return _FORCE_OF_ACTION * (actions[..., 2::2] - actions[..., 1::2])


def contact_forces(position: torch.Tensor, reach: float) -> torch.Tensor:
    """Return the sum of the forces by which the others push each agent off.

    Args:
        position: Shape: (N, A, 2).
        reach: Distance of two agents at which they touch.

    Returns:
        Force 100 d/|d| m softplus((reach - |d|) / m) of every difference d, with the margin m. Shape: (N, A, 2).
    """
    difference = position.unsqueeze(2) - position.unsqueeze(1)
    # an agent's difference to itself is zero, and so is its force, but its direction must not be 0 / 0
    distance = difference.square().sum(-1, keepdim=True).clamp_min(1e-20).sqrt()
    overlap = torch.nn.functional.softplus((reach - distance) / _CONTACT_MARGIN, threshold=40.0) * _CONTACT_MARGIN
    return (_CONTACT_FORCE * overlap * difference / distance).sum(2)


def integrate(state: WorldState, force: torch.Tensor) -> WorldState:
    """Move with the velocity before the force, then damp and accelerate. Shape of the force: (N, A, 2)."""
    return state._replace(
        position=state.position + STEP_DT * state.velocity,
        velocity=(1.0 - _DAMPING) * state.velocity + STEP_DT * force,
    )


def distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return all distances. Shape: (N, A, 2), (N, L, 2) -> (N, A, L)."""
    return (a.unsqueeze(2) - b.unsqueeze(1)).square().sum(-1).sqrt()


def without_diagonal(pairs: torch.Tensor) -> torch.Tensor:
    """Leave out what relates an agent to itself. Shape: (N, A, A, d) -> (N, A, A - 1, d)."""
    count = pairs.shape[1]
    # behind the first entry of the flattened matrix, every row of A + 1 ends on the diagonal
    rows = pairs.flatten(1, 2)[:, 1:].unflatten(1, (count - 1, count + 1))[:, :, :-1]
    return rows.flatten(1, 2).unflatten(1, (count, count - 1))
