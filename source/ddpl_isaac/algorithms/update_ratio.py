# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How many gradient steps the environment steps of an iteration pay for."""

from __future__ import annotations

import math

_ROUNDING = 1e-6
"""What a product of floats may lack of the whole number that it should be."""


def updates_due(per_1000: float, env_steps: int, new_steps: int) -> int:
    """Return the gradient steps of an iteration, so that n environment steps bring floor(per_1000 n / 1000) in all.

    A rest that is less than a gradient step waits for later iterations. Nothing has to be remembered for that, so that
    a resumed run goes on as if it had not been interrupted.

    Args:
        per_1000: Gradient steps for 1000 environment steps.
        env_steps: Environment steps so far, those of the iteration among them.
        new_steps: Environment steps of the iteration.
    """
    before, after = (math.floor(per_1000 * steps / 1000 + _ROUNDING) for steps in (env_steps - new_steps, env_steps))
    return after - before
