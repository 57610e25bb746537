# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Entropy of a distribution of which there are samples alone."""

from __future__ import annotations

import math
import torch

RESOLUTION = 1.0e-6
"""Distance that equal samples count as: some times what float32 tells apart near 1, so that ties stay finite."""

_EULER = 0.5772156649015329


def nearest_neighbour_entropy(samples: torch.Tensor) -> torch.Tensor:
    """Estimate the differential entropy [nats] by the distances to nearest neighbours, on the device alone.

    H = psi(n) - psi(1) + log V_d + d / n sum_i log rho_i, with the distance rho_i of sample i to the one next to it and
    the volume V_d of the unit ball (Kozachenko and Leonenko 1987; in this form Kraskov et al. 2004, equation 20, with
    k = 1). Samples that are not finite do not count.

    Args:
        samples: Independent draws. Shape: (n, d), n >= 2.

    Returns:
        The estimate. Shape: ().
    """
    num, dim = samples.shape
    finite = samples.isfinite().all(dim=1)
    sound = torch.where(finite[:, None], samples, 0.0)
    # by differences: the usual product of matrices is off by 1e-3 between samples that are close
    distance = torch.cdist(sound, sound, compute_mode="donot_use_mm_for_euclid_dist")
    myself = torch.eye(num, dtype=torch.bool, device=samples.device)
    distance = distance.masked_fill(myself | ~(finite & finite[:, None]), torch.inf)
    nearest = distance.amin(dim=1).clamp(min=RESOLUTION)
    count = finite.sum()
    mean_log = torch.where(finite, nearest.log(), 0.0).sum() / count
    log_volume = 0.5 * dim * math.log(math.pi) - math.lgamma(0.5 * dim + 1.0)
    return torch.digamma(count.float()) + _EULER + log_volume + dim * mean_log
