# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Targets of the critics."""

from __future__ import annotations

import torch

from ddpl_isaac.storage.replay_storage import Batch


def td_target(batch: Batch, next_q: torch.Tensor, reward_scale: torch.Tensor) -> torch.Tensor:
    """n-step target r + gamma^m min over twins Q'(s', a'), without a bootstrap where the episode terminated.

    Args:
        batch: Transitions; time-outs carry their true last observation, so they bootstrap like any other step.
        next_q: Target critics at one sampled action each. Shape: (E, C, B), E twins of C critics.
        reward_scale: Factor of the rewards. Shape: ().

    Returns:
        Targets. Shape: (C, B).
    """
    return reward_scale * batch.reward + batch.discount * next_q.amin(0)


def td_loss(q: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Squared TD error, summed over twins and critics. Shape: (E, C, B), (C, B) -> ()."""
    return (q - target.detach()).square().mean(-1).sum()


@torch.no_grad()
def polyak_update(target: torch.nn.Module, source: torch.nn.Module, rate: float) -> None:
    """Move every parameter of the target towards the source by ``rate``."""
    torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), rate)
