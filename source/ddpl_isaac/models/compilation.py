# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one place that decides whether the denoising step is compiled."""

from __future__ import annotations

import logging
import os
import shutil
import torch
from collections.abc import Callable

from ddpl_isaac.diffusion.sampler import denoise_step

logger = logging.getLogger(__name__)

COMPILE_MODES = ("auto", "eager")


def has_compiler(device: torch.device | str) -> bool:
    """Tell whether TorchInductor can build kernels: Triton on a GPU, a C++ compiler on a CPU."""
    if torch.device(device).type == "cuda":
        from torch.utils._triton import has_triton

        return has_triton()
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def make_step_function(mode: str, device: torch.device | str) -> Callable[..., torch.Tensor]:
    """Return the denoising step, compiled where that is wanted and possible.

    Compiling the step rather than the chain keeps the compile time independent of the number of steps.

    Raises:
        ValueError: If the mode is none of :data:`COMPILE_MODES`.
    """
    if mode not in COMPILE_MODES:
        raise ValueError(f"Unknown agent.algorithm.sampler.compile '{mode}': choose of {', '.join(COMPILE_MODES)}.")
    if mode == "eager":
        return denoise_step
    if not has_compiler(device):
        logger.warning(f"No compiler for {device} found (install g++, or Triton on a GPU): the sampler runs eagerly.")
        return denoise_step
    return torch.compile(denoise_step, fullgraph=True)
