# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where the candidates of ISSM come from (docs/method.md §2).

Shapes: A agents, B states, M candidates, D action.
"""

from __future__ import annotations

import torch
from collections.abc import Callable

from ddpl_isaac.config import IssmConfig
from ddpl_isaac.diffusion.importance import mean_over_active
from ddpl_isaac.runtime.ranks import gather_batch

_LIMIT = 1.0
"""Longest way of a carried candidate, in standard deviations of the candidates of its state, per dimension."""


def propose(
    policy_ABMD: torch.Tensor, action_mask_AD: torch.Tensor, cfg: IssmConfig, generator: torch.Generator | None = None
) -> torch.Tensor:
    """Turn samples of the frozen reference into candidates of the proposal, before any of them is carried.

    ``policy`` keeps them. The others replace each candidate by a uniform one with probability rho, so that modes
    without samples can be found again.

    Args:
        policy_ABMD: Samples of pi^k in ``[-1, 1]``.
        action_mask_AD: 1 for an agent's own action dimensions, 0 for padding.
        cfg: Proposal and its figures.
        generator: Source of the random numbers; None is torch's own generator.
    """
    if cfg.proposal == "policy":
        return policy_ABMD
    source = {"device": policy_ABMD.device, "generator": generator}
    uniform = torch.rand(policy_ABMD.shape, **source) * 2.0 - 1.0
    replaced = torch.rand(*policy_ABMD.shape[:-1], 1, **source) < cfg.uniform_share
    return torch.where(replaced, uniform, policy_ABMD) * action_mask_AD[:, None, None, :]


class Transport:
    """Carries every other candidate along the slope of its value before all are weighed.

    For Q linear around a Gaussian of covariance Sigma, a + eta Sigma grad Q(a) carries it to pi exp(eta Q) exactly,
    where weights of a few samples in many dimensions know the values of Q but hardly its slope. The proposal is the
    half and half mixture of pi^k and its push-forward T#pi^k, so that ISSM realises [pi^k + T#pi^k] exp(eta Q) / 2: its
    density is never needed, and a candidate that was carried too far loses its weight to those that stayed.
    """

    def __init__(self, candidates_ABMD: torch.Tensor, qbar_of: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Measure the slopes.

        Args:
            candidates_ABMD: Candidates of the proposal.
            qbar_of: Differentiable values of candidates. Shape: (A, B, M, D) -> (A, B, M).
        """
        self.candidates = candidates_ABMD
        self.std_AB1D = candidates_ABMD.std(dim=2, keepdim=True)
        carried = candidates_ABMD[:, :, ::2].detach()
        with torch.enable_grad():
            carried.requires_grad_()
            qbar_of(carried).sum().backward(inputs=[carried])  # none for the critic, whose parameters are left out
        gradient = carried.grad
        assert gradient is not None
        self._way = self.std_AB1D.square() * gradient
        self._energy_AB = (gradient * self._way).sum(-1).mean(-1)

    def solve_eta(self, budget: float, active_AB: torch.Tensor) -> torch.Tensor:
        """Return the eta_T at which eta_T^2 grad Q^T Sigma grad Q / 2 is a budget, on average. Shape: (A,).

        That is the KL divergence [nats] by which a Gaussian would be carried, over the states of all ranks.
        """
        energy_A = mean_over_active(gather_batch(self._energy_AB, dim=1), gather_batch(active_AB, dim=1))
        return (2.0 * budget / (energy_A + 1e-12)).sqrt()

    def carry(self, eta_A: torch.Tensor) -> torch.Tensor:
        """Return the candidates, every other one carried by at most a standard deviation. Shape: (A, B, M, D)."""
        limit = _LIMIT * self.std_AB1D
        step = (eta_A[:, None, None, None] * self._way).clamp(-limit, limit)
        candidates = self.candidates.clone()
        candidates[:, :, ::2] = (candidates[:, :, ::2] + step).clamp(-1.0, 1.0)
        return candidates
