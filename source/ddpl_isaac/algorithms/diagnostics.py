# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What to look at when a training does not learn (METHOD 2.7): tensors on the device, one value per agent."""

from __future__ import annotations

import torch

from ddpl_isaac.diffusion.importance import effective_sample_share, fourth_moment, kl_to_uniform

_EDGE = 0.99


@torch.no_grad()
def issm_diagnostics(
    weights_ABM: torch.Tensor,
    qbar_ABM: torch.Tensor,
    candidates_ABMD: torch.Tensor,
    action_mask_AD: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """Summarise the importance weights and candidates of one refresh. Shape of each: (A,)."""
    dims_A = action_mask_AD.sum(-1)
    ess_AB = effective_sample_share(weights_ABM)
    mask = action_mask_AD[:, None, None, :]
    edge = ((candidates_ABMD.abs() > _EDGE) * mask).mean((1, 2)).sum(-1) / dims_A
    # kthvalue rather than quantile, which asks the device whether its argument is a share
    std_AD = candidates_ABMD.std(dim=2).mean(1)
    summary = {
        "ess": ess_AB.mean(-1),
        "ess_p10": ess_AB.kthvalue(-(-ess_AB.shape[-1] // 10), dim=-1).values,
        "kl_to_uniform": kl_to_uniform(weights_ABM).mean(-1),
        "max_weight": weights_ABM.amax(-1).mean(-1),
        "L4": fourth_moment(weights_ABM).mean(-1),
        "edge_share": edge,
        "candidate_std": std_AD.sum(-1) / dims_A,
        "qbar_spread": qbar_ABM.std(dim=-1).mean(-1),
    }
    per_dim = {f"candidate_std_dim/{d:02d}": std_AD[:, d] for d in range(std_AD.shape[1])}
    return summary | per_dim
