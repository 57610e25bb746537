# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The one place that decides whether functions of tensors are compiled."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
import sysconfig
import threading
import torch
from collections.abc import Callable
from pathlib import Path
from typing import cast

logger = logging.getLogger(__name__)

_COMPILER = "compiler"
_MOST_NETWORKS = 256
_started = threading.Event()


def start_compiler(device: torch.device | str) -> None:
    """Start TorchInductor in a thread, to be called before a simulator starts.

    Its first call takes seconds, and half a minute where it has not yet asked what processor and compiler can do. There
    is one such thread in a process: torch crashes where several compile at once.
    """
    if has_compiler(device) and not _runs():
        # no daemon: a process that is taken down while a thread compiles dies by a signal
        threading.Thread(target=_compile_anything, args=(device,), name=_COMPILER, daemon=False).start()


def wait_for_compiler() -> None:
    """Return once the compiler, if it was started, has built something."""
    if _runs():
        _started.wait()


def _runs() -> bool:
    """Tell whether there is a thread that compiles, or did."""
    return any(thread.name == _COMPILER for thread in threading.enumerate())


def _compile_anything(device: torch.device | str) -> None:
    with contextlib.suppress(Exception):  # what is wrong shows again, with its message, where a kernel is needed
        torch.compile(lambda x: x + 1.0)(torch.zeros(64, device=device))
    _started.set()
    # torch 2.11 keeps a pointer to a guard that dies with the thread which compiled first, and crashes at the next one
    threading.main_thread().join()


def has_compiler(device: torch.device | str) -> bool:
    """Tell whether TorchInductor can build kernels for a device."""
    return what_a_compiler_lacks(device) is None


def what_a_compiler_lacks(device: torch.device | str) -> str | None:
    """Return what has to be installed before TorchInductor can build kernels for a device, or None.

    On a CPU that is a C++ compiler. On a GPU Triton builds the kernels, and for each of them a module of Python that
    launches it, by a C compiler and the headers of Python.
    """
    if torch.device(device).type != "cuda":
        found = any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++"))
        return None if found else "g++"
    from torch.utils._triton import has_triton

    if not has_triton():
        return "Triton"
    if not any(shutil.which(name) for name in (os.environ.get("CC", "gcc"), "gcc", "clang")):
        return "gcc"
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return None if headers.is_file() else f"the headers of Python ({headers})"


def compiled[Function: Callable](function: Function, mode: str, device: torch.device | str) -> Function:
    """Return a function of tensors and networks, compiled where that is wanted and possible.

    What is compiled is small, such as a step rather than the chain of steps, so that compiling takes seconds.
    """
    if mode == "eager":
        return function
    missing = what_a_compiler_lacks(device)
    if missing is not None:
        _warn_of_missing_compiler(str(device), missing)
        return function
    # all learners of a process share the function, and torch refuses to compile one for the ninth network
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_NETWORKS)
    return cast(Function, torch.compile(function, fullgraph=True))


@functools.cache
def _warn_of_missing_compiler(device: str, missing: str) -> None:
    logger.warning(f"No kernels can be compiled for {device} (install {missing}): networks run uncompiled.")
