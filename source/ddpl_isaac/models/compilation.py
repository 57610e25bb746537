# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one place that decides whether the denoising step is compiled."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import torch
from collections.abc import Callable

from ddpl_isaac.diffusion.sampler import denoise_step

logger = logging.getLogger(__name__)

COMPILE_MODES = ("auto", "eager")


def start_compiler(device: torch.device | str) -> None:
    """Start TorchInductor in a thread, to be called before a simulator starts.

    Its first call asks in a dozen processes what processor and compiler can do, which takes 20 s on two cores even
    where all kernels are cached.
    """
    if has_compiler(device):
        threading.Thread(target=_compile_anything, args=(device,), name="compiler", daemon=True).start()


def _compile_anything(device: torch.device | str) -> None:
    with contextlib.suppress(Exception):  # what is wrong shows again, with its message, where a kernel is needed
        torch.compile(lambda x: x + 1.0)(torch.zeros(64, device=device))
    # torch 2.11 keeps a pointer to a guard that dies with the thread which compiled first, and crashes at the next one
    threading.Event().wait()


def has_compiler(device: torch.device | str) -> bool:
    """Tell whether TorchInductor can build kernels: Triton on a GPU, a C++ compiler on a CPU."""
    if torch.device(device).type == "cuda":
        from torch.utils._triton import has_triton

        return has_triton()
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def make_step_function(mode: str, device: torch.device | str) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
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
