# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Importance weights of the candidates, their temperature and their diagnostics (docs/method.md §2).

Shapes: A agents, B states, M candidates, K draws, D action.
"""

from __future__ import annotations

import math
import torch

_BISECTIONS = 40
"""Halvings of the bracket of log eta: 60 nats wide at the start, so the error is below 1e-10."""


def importance_weights(qbar_ABM: torch.Tensor, eta_A: torch.Tensor) -> torch.Tensor:
    """Self-normalised weights of the target pi^k exp(eta Qbar), per state over its candidates.

    The reference's density cancels because the candidates were drawn from it (docs/method.md §2).

    Returns:
        Weights that sum to 1 over the last dimension. Shape: (A, B, M).
    """
    return torch.softmax(eta_A[:, None, None] * qbar_ABM, dim=-1)


def systematic_resample(
    candidates_ABMD: torch.Tensor,
    weights_ABM: torch.Tensor,
    num_samples: int,
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Draw K candidates of each state in proportion to their weights (Kitagawa 1996).

    One uniform number per state places K equidistant marks on the cumulated weights, so that a candidate is drawn
    floor(K w) or ceil(K w) times: the expectation of any sum over candidates is that of the weights, and a candidate
    without weight costs nothing.

    Args:
        candidates_ABMD: Candidates.
        weights_ABM: Weights that sum to 1 over M.
        num_samples: K, at least 1.
        generator: Source of the random numbers; None is torch's own generator.

    Returns:
        Drawn candidates, each of weight 1 / K. Shape: (A, B, K, D).
    """
    offset = torch.rand(*weights_ABM.shape[:2], 1, device=weights_ABM.device, generator=generator)
    marks = (torch.arange(num_samples, device=weights_ABM.device) + offset) / num_samples
    # a sum that rounds to less than the last mark must not point behind the last candidate
    index = torch.searchsorted(weights_ABM.cumsum(-1), marks, right=True).clamp(max=weights_ABM.shape[-1] - 1)
    return candidates_ABMD.gather(2, index.unsqueeze(-1).expand(-1, -1, -1, candidates_ABMD.shape[-1]))


def kl_to_uniform(weights_ABM: torch.Tensor) -> torch.Tensor:
    """KL(w || uniform) = log M - H(w) of each state [nats]. Shape: (A, B)."""
    return math.log(weights_ABM.shape[-1]) + torch.xlogy(weights_ABM, weights_ABM).sum(-1)


def effective_sample_share(weights_ABM: torch.Tensor) -> torch.Tensor:
    """ESS / M of each state, in [1/M, 1] (Kong 1992). Shape: (A, B)."""
    return 1.0 / (weights_ABM.shape[-1] * weights_ABM.square().sum(-1))


def fourth_moment(weights_ABM: torch.Tensor) -> torch.Tensor:
    """L4 = ((1/M) sum_j (M w_j)^4)^(1/4), the plug-in for exp(3/4 D_4) of the paper's bound. Shape: (A, B)."""
    return (weights_ABM * weights_ABM.shape[-1]).pow(4).mean(-1).pow(0.25)


def mean_over_active(value_AB: torch.Tensor, active_AB: torch.Tensor) -> torch.Tensor:
    """Return the mean over the states in which an agent is active; 0 where it never is. Shape: (A,)."""
    return (value_AB * active_AB).sum(-1) / active_AB.sum(-1).clamp(min=1.0)


def solve_eta(
    qbar_ABM: torch.Tensor, kl_budget: float, eta_max_A: torch.Tensor, active_AB: torch.Tensor
) -> torch.Tensor:
    """Solve for the temperature at which the mean over states of KL(w || uniform) equals a budget (docs/method.md §2).

    The mean KL increases with eta, so bisection on log eta finds it without leaving the device. Where even
    ``eta_max_A`` does not spend the budget, that bound is returned: a forced budget on a flat Q amplifies noise.

    Args:
        qbar_ABM: Values of the candidates; no gradient flows. Shape: (A, B, M).
        kl_budget: Budget kappa [nats].
        eta_max_A: Upper bound of eta. Shape: (A,).
        active_AB: 1 where the agent is active, else 0.

    Returns:
        eta. Shape: (A,).
    """
    qbar_ABM = qbar_ABM.detach()
    high_A = eta_max_A.log()
    low_A = high_A - 60.0
    for _ in range(_BISECTIONS):
        middle_A = 0.5 * (low_A + high_A)
        spent_AB = kl_to_uniform(importance_weights(qbar_ABM, middle_A.exp()))
        overspent_A = mean_over_active(spent_AB, active_AB) > kl_budget
        low_A = torch.where(overspent_A, low_A, middle_A)
        high_A = torch.where(overspent_A, middle_A, high_A)
    return high_A.exp()
