# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The replay of a team: what it stores of the agents, and whether the device can hold it."""

from __future__ import annotations

from ddpl_isaac.config import ReplayConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.storage.replay_size import check_fits
from ddpl_isaac.storage.replay_storage import ReplayStorage


def make_replay(stack: AgentStack, num_envs: int, cfg: ReplayConfig, device: str) -> ReplayStorage:
    """Allocate the replay.

    Raises:
        OutOfMemoryError: If it does not fit.
    """
    shapes = _stored_shapes(stack)
    return ReplayStorage(cfg.capacity, num_envs, *shapes, device, half_precision=cfg.half_precision)


def check_replay(stack: AgentStack, num_envs: int, cfg: ReplayConfig, device: str) -> None:
    """Refuse a replay that the device cannot hold.

    Raises:
        OutOfMemoryError: If it does not fit.
    """
    check_fits(cfg.capacity, num_envs, *_stored_shapes(stack), device, half_precision=cfg.half_precision)


def _stored_shapes(stack: AgentStack) -> tuple[tuple[int, int], int, tuple[int, int]]:
    """Return (A, O), S and (A, D) of what the replay keeps; S is 0 where the observations serve as the state."""
    num_agents, action_dim = stack.action_mask.shape
    return (num_agents, stack.obs_dim), stack.state_dim * stack.has_state, (num_agents, action_dim)
