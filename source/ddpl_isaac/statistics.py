# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Means over episodes and seeds, with intervals."""

from __future__ import annotations

import math
import numpy as np
from collections.abc import Callable


def bootstrap_interval(values: np.ndarray, statistic: Callable = np.mean) -> tuple[float, float, float]:
    """Return a statistic of the finite values, by default the mean, and the ends of its 95 % bootstrap interval.

    The ends are percentiles. The same values give the same interval. Without a finite value all three are NaN.

    Args:
        values: Independent values. Shape: (n,).
        statistic: A function of an array and ``axis``.
    """
    from scipy.stats import bootstrap  # takes seconds, which a training need not wait for

    values = values[np.isfinite(values)]
    if len(values) == 0:
        return math.nan, math.nan, math.nan
    middle = float(statistic(values, axis=-1))
    if np.ptp(values) == 0:  # scipy refuses a single value
        return middle, middle, middle
    batch = max(1, 4_000_000 // len(values))
    drawn = bootstrap((values,), statistic, method="percentile", n_resamples=9_999, batch=batch, rng=0)
    return middle, float(drawn.confidence_interval.low), float(drawn.confidence_interval.high)
