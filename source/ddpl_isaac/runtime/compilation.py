# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one place that decides whether functions of tensors are compiled."""

from __future__ import annotations

import atexit
import contextlib
import functools
import logging
import os
import shutil
import threading
import torch
from collections.abc import Callable
from typing import cast

from ddpl_isaac.errors import UserError

logger = logging.getLogger(__name__)

_COMPILER = "compiler"
_MOST_NETWORKS = 256
_started = threading.Event()


def start_compiler(device: torch.device | str) -> None:
    """Start TorchInductor in a thread, to be called before a simulator starts.

    Its first call takes seconds, and half a minute where it has not yet asked what processor and compiler can do.
    """
    if has_compiler(device):
        atexit.register(wait_for_compiler)  # a process that ends while a thread compiles ends by a segmentation fault
        threading.Thread(target=_compile_anything, args=(device,), name=_COMPILER, daemon=True).start()


def wait_for_compiler() -> None:
    """Return once the compiler, if it was started, has built something."""
    if any(thread.name == _COMPILER for thread in threading.enumerate()):
        _started.wait()


def _compile_anything(device: torch.device | str) -> None:
    with contextlib.suppress(Exception):  # what is wrong shows again, with its message, where a kernel is needed
        torch.compile(lambda x: x + 1.0)(torch.zeros(64, device=device))
    _started.set()
    # torch 2.11 keeps a pointer to a guard that dies with the thread which compiled first, and crashes at the next one
    threading.Event().wait()


def has_compiler(device: torch.device | str) -> bool:
    """Tell whether TorchInductor can build kernels: Triton on a GPU, a C++ compiler on a CPU."""
    if torch.device(device).type == "cuda":
        from torch.utils._triton import has_triton

        return has_triton()
    return any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))


def compiled[Function: Callable](function: Function, mode: str, device: torch.device | str) -> Function:
    """Return a function of tensors and networks, compiled where that is wanted and possible.

    What is compiled is small, such as a step rather than the chain of steps, so that compiling takes seconds.

    Raises:
        UserError: If a CUDA graph is asked for elsewhere than on a GPU.
    """
    if mode == "cuda_graph" and torch.device(device).type != "cuda":
        raise UserError(
            f"agent.algorithm.compile=cuda_graph needs a CUDA device, and the learner is on {device}:"
            " leave it at auto, or choose --device cuda."
        )
    if mode == "eager":
        return function
    if not has_compiler(device):
        _warn_of_missing_compiler(str(device))
        return function
    # all learners of a process share the function, and torch refuses to compile one for the ninth network
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_NETWORKS)
    return cast(Function, torch.compile(function, fullgraph=True))


@functools.cache
def _warn_of_missing_compiler(device: str) -> None:
    logger.warning(f"No compiler for {device} found (install g++, or Triton on a GPU): networks run eagerly.")
