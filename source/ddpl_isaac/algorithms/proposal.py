# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where the candidates of ISSM come from (METHOD 2.2).

Shapes: A agents, B states, M candidates, D action.
"""

from __future__ import annotations

import torch

from ddpl_isaac.config import IssmConfig
from ddpl_isaac.errors import UserError

PROPOSALS = ("policy", "mixture", "smoothed")


def propose(
    policy_ABMD: torch.Tensor, action_mask_AD: torch.Tensor, cfg: IssmConfig, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Turn samples of the frozen reference into candidates of the proposal.

    ``policy`` keeps them. ``smoothed`` adds Gaussian noise, clipped to the box. ``mixture`` and ``smoothed`` replace
    each candidate by a uniform one with probability rho, so that modes without samples can be found again.

    Args:
        policy_ABMD: Samples of pi^k in ``[-1, 1]``.
        action_mask_AD: 1 for an agent's own action dimensions, 0 for padding.
        cfg: Proposal and its figures.
        generator: Source of the random numbers; None is torch's own generator.

    Raises:
        UserError: If the proposal is none of :data:`PROPOSALS`.
    """
    if cfg.proposal not in PROPOSALS:
        raise UserError(f"Unknown proposal '{cfg.proposal}': choose of {', '.join(PROPOSALS)}.")
    if cfg.proposal == "policy":
        return policy_ABMD
    candidates, source = policy_ABMD, {"device": policy_ABMD.device, "generator": generator}
    if cfg.proposal == "smoothed":
        candidates = (candidates + cfg.smoothing_std * torch.randn(candidates.shape, **source)).clamp(-1.0, 1.0)
    uniform = torch.rand(candidates.shape, **source) * 2.0 - 1.0
    replaced = torch.rand(*candidates.shape[:-1], 1, **source) < cfg.uniform_share
    return torch.where(replaced, uniform, candidates) * action_mask_AD[:, None, None, :]
