# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a replay needs, held against what the device has left before anything is allocated.

Shapes: A agents, O observation, D action.
"""

from __future__ import annotations

import math
import torch

from ddpl_isaac.errors import OutOfMemoryError
from ddpl_isaac.storage.available_memory import available_memory

_FLAGS_AND_REWARD = 3 + 4
"""Bytes of a transition beside observations, state and actions."""


def check_fits(
    capacity: int,
    num_envs: int,
    obs_shape: tuple[int, int],
    state_dim: int,
    action_shape: tuple[int, int],
    device: torch.device | str,
    *,
    half_precision: bool = False,
) -> None:
    """Refuse a replay that is larger than the memory that is left.

    Args:
        capacity: Transitions over all environments.
        num_envs: Environments, each of which has a whole number of them.
        obs_shape: (A, O).
        state_dim: Size of the state; 0 stores none.
        action_shape: (A, D).
        device: Where the replay will live.
        half_precision: Whether numbers take two bytes instead of four.

    Raises:
        OutOfMemoryError: If it does not fit.
    """
    numbers = math.prod(obs_shape) + state_dim + math.prod(action_shape)
    needed = capacity // num_envs * num_envs * (numbers * (2 if half_precision else 4) + _FLAGS_AND_REWARD)
    free = available_memory(device)
    if free is not None and needed > free:
        raise OutOfMemoryError(
            f"The replay of {capacity} transitions needs {needed / 2**30:.1f} GiB on {device}, where"
            f" {free / 2**30:.1f} GiB are free: lower agent.algorithm.replay.capacity, or set"
            " agent.algorithm.replay.half_precision=true."
        )
