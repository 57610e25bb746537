# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The state of every random generator that a run draws from, as plain containers."""

from __future__ import annotations

import logging
import numpy as np
import random
import torch
from typing import Any

logger = logging.getLogger(__name__)


def get_random_state(device: str | torch.device) -> dict[str, Any]:
    """Read the generators of Python, NumPy and torch, and of every GPU.

    Args:
        device: Where actions are drawn.
    """
    version, internal, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "python": [version, list(internal), gauss],
        "numpy": [name, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "device": torch.device(device).type,
    }


def set_random_state(state: dict[str, Any], device: str | torch.device, seed: int) -> None:
    """Set the generators to what :func:`get_random_state` gave.

    Those of torch begin anew where they cannot go on: on another kind of device, or on another number of GPUs.

    Args:
        state: What was saved.
        device: Where actions are drawn now.
        seed: Seed of generators that begin anew.
    """
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), position, has_gauss, cached))
    kind = torch.device(device).type
    saved = state.get("device") or ("cuda" if state["cuda"] else "cpu")
    if saved != kind or (kind == "cuda" and len(state["cuda"]) != torch.cuda.device_count()):
        logger.warning(
            f"The checkpoint was written on {saved} with {len(state['cuda'])} GPUs, and this is {kind} with"
            f" {torch.cuda.device_count()}: random numbers begin anew, derived from the seed and the steps so far."
        )
        torch.manual_seed(seed)  # of the CPU and of all GPUs
        return
    torch.set_rng_state(state["torch"].cpu())
    if kind == "cuda":
        torch.cuda.set_rng_state_all([generator.cpu() for generator in state["cuda"]])
