# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""States of a generator of torch, which are of other kinds on the CPU and on a GPU."""

from __future__ import annotations

import torch

from ddpl_isaac.seeds import Purpose, derive

_SIZES = {"cpu": 5056, "cuda": 16}
"""Bytes of a state: the numbers of a Mersenne twister; seed and position of a Philox generator."""


def restore(generator: torch.Generator, state: torch.Tensor, seed: int, steps: int, *, device: str) -> None:
    """Let a generator go on from a state; one of another kind of device begins anew, by the saved seed and the steps.

    Args:
        generator: The generator.
        state: What ``get_state()`` gave.
        seed: What ``initial_seed()`` gave.
        steps: Environment steps of the run so far.
        device: Type of the generator's device, ``cpu`` or ``cuda``.
    """
    if len(state) == _SIZES[device]:
        generator.set_state(state.cpu())
    else:
        generator.manual_seed(derive(seed, Purpose.RESUMING, index=steps))
