# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What to look at when a training does not learn (docs/method.md §2): tensors on the device, one value per agent."""

from __future__ import annotations

import torch

from ddpl_isaac.diffusion.importance import effective_sample_share, fourth_moment, kl_to_uniform, mean_over_active

_EDGE = 0.99


@torch.no_grad()
def issm_diagnostics(
    weights_ABM: torch.Tensor,
    qbar_ABM: torch.Tensor,
    candidates_ABMD: torch.Tensor,
    action_mask_AD: torch.Tensor,
    active_AB: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """Summarise the importance weights and candidates of one refresh where agents are active. Shape of each: (A,)."""

    def mean(value_AB: torch.Tensor) -> torch.Tensor:
        return mean_over_active(value_AB, active_AB)

    dims_A = action_mask_AD.sum(-1)
    ess_AB = effective_sample_share(weights_ABM)
    mask = action_mask_AD[:, None, None, :]
    edge_AB = ((candidates_ABMD.abs() > _EDGE) * mask).float().mean(2).sum(-1)
    # who is inactive is not among the lowest
    # kthvalue rather than quantile, which asks the device whether its argument is a share
    low_AB = ess_AB.where(active_AB > 0, 1.0)
    std_AD = torch.stack([mean(std_AB) for std_AB in candidates_ABMD.std(dim=2).unbind(-1)], dim=-1)
    summary = {
        "ess": mean(ess_AB),
        "ess_p10": low_AB.kthvalue(-(-low_AB.shape[-1] // 10), dim=-1).values,
        "kl_to_uniform": mean(kl_to_uniform(weights_ABM)),
        "max_weight": mean(weights_ABM.amax(-1)),
        "L4": mean(fourth_moment(weights_ABM)),
        "edge_share": mean(edge_AB) / dims_A,
        "candidate_std": std_AD.sum(-1) / dims_A,
        "qbar_spread": mean(qbar_ABM.std(dim=-1)),
    }
    per_dim = {f"candidate_std_dim/{d:02d}": std_AD[:, d] for d in range(std_AD.shape[1])}
    return summary | per_dim


@torch.no_grad()
def credit_diagnostics(
    own_ABM: torch.Tensor, team_EABM: torch.Tensor, active_AB: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Tell what an agent's own values know of the team's, over its candidates. Shape of each: (A,).

    ``twin_agreement``: Spearman's rank correlation between the two twins of Q where the agent alone plays its
    candidates: what the critic itself can tell apart, from 1, all of it, to 0, nothing. ``rank_correlation``: the same
    between the values by which the candidates are weighed and the mean of the twins. ``best_of_gain``: that mean for
    the candidate which the own values prefer, over that of an average one, in units of the normalised return.

    Args:
        own_ABM: Qbar_i of the candidates.
        team_EABM: Both twins of Q(s, a_i, a_-i) of the same candidates.
        active_AB: 1 where the agent is active, else 0.
    """
    team_ABM = team_EABM.mean(0)
    best_AB = team_ABM.take_along_dim(own_ABM.argmax(-1, keepdim=True), dim=-1).squeeze(-1)
    summary = {
        "twin_agreement": _rank_correlation(*team_EABM),
        "rank_correlation": _rank_correlation(own_ABM, team_ABM),
        "best_of_gain": best_AB - team_ABM.mean(-1),
    }
    return {name: mean_over_active(value, active_AB) for name, value in summary.items()}


def _rank_correlation(first_ABM: torch.Tensor, second_ABM: torch.Tensor) -> torch.Tensor:
    """Return Spearman's correlation over the last dimension; equal values are ranked in their order. Shape: (A, B)."""
    ranks = [value.argsort(-1).argsort(-1).float() for value in (first_ABM, second_ABM)]
    first, second = (rank - rank.mean(-1, keepdim=True) for rank in ranks)
    return (first * second).sum(-1) / first.square().sum(-1)  # ranks have one variance
