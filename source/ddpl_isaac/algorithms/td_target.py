# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Targets of the critics."""

from __future__ import annotations

import torch
from torch import nn
from typing import Any

from ddpl_isaac.models.critic import Critic
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


def critic_loss(
    critic: nn.Module,
    target_critic: Critic,
    batch: Batch,
    next_action_BAD: torch.Tensor,
    reward_scale: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """TD loss of critics at normalised transitions with one sample of the next actions.

    Returns:
        The loss, and the mean value of all critics. Shape of each: ().
    """
    with torch.no_grad():
        next_q = target_critic.bootstrap(batch.next_state, batch.next_obs, next_action_BAD)
        target = td_target(batch, next_q, reward_scale)
    q = critic(batch.state, batch.obs, batch.action)
    return td_loss(q, target), q.detach().mean()


@torch.no_grad()
def polyak_update(target: nn.Module, source: nn.Module, rate: float | torch.Tensor) -> None:
    """Move every parameter of the target towards the source by ``rate``, a number or a tensor of shape ()."""
    targets: list[Any] = list(target.parameters())
    weight: Any = [rate] * len(targets) if isinstance(rate, torch.Tensor) else rate
    torch._foreach_lerp_(targets, list(source.parameters()), weight)  # pyright: ignore[reportPrivateImportUsage]
