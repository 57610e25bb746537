# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Places that a task wants counted as explored."""

from __future__ import annotations

import torch

from ddpl_isaac.errors import UserError


def points_of(task: object) -> dict[str, torch.Tensor]:
    """Return a task's ``exploration_points`` [m], by kind, or nothing if it has none. Shape of each: (num_envs, P, 3).

    Raises:
        UserError: If an entry has another shape.
    """
    points = getattr(task, "exploration_points", {})
    for kind, places in points.items():
        if places.dim() != 3 or places.shape[-1] != 3:
            raise UserError(
                f"exploration_points['{kind}'] of {type(task).__name__} has the shape {tuple(places.shape)}; it must be"
                " (num_envs, points, 3)."
            )
    return points
