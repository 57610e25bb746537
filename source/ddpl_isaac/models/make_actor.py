# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one switch between policy classes; all else is shared (docs/method.md §5)."""

from __future__ import annotations

import torch

from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.models.actor import Actor
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.gaussian_actor import GaussianForwardActor, GaussianReverseActor, MixtureActor

_OTHER_CLASSES = {
    "gaussian_reverse_kl": GaussianReverseActor,
    "gaussian_forward_kl": GaussianForwardActor,
    "gmm": MixtureActor,
}


def make_actor(obs_dim: int, action_mask_AD: torch.Tensor, cfg: AlgorithmConfig, device: torch.device | str) -> Actor:
    """Create the policies of all agents in the configured class.

    Args:
        obs_dim: Widest observation O.
        action_mask_AD: 1 for an agent's own action dimensions, 0 for padding.
        cfg: The learner's configuration.
        device: Device for which they are compiled.
    """
    if cfg.policy_class == "diffusion":
        return DiffusionActor(obs_dim, action_mask_AD, cfg.actor, cfg.sampler, cfg.compile, device)
    return _OTHER_CLASSES[cfg.policy_class](obs_dim, action_mask_AD, cfg.actor)
