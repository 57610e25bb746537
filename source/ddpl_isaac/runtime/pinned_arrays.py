# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Lets PhysX run without a GPU: pinned host arrays on machines that have no CUDA driver."""

from __future__ import annotations

import functools
import torch
from typing import Any


def allow_pinned_arrays_without_cuda() -> bool:
    """Make Warp treat ``pinned=True`` as ordinary host memory if, and only if, there is no CUDA device.

    Isaac Lab stages what it writes to PhysX in page-locked host arrays. Page-locking is a service of the CUDA driver,
    so without one Warp fails with "Failed to allocate ... bytes on device 'cpu'", although the memory is read by the
    CPU alone. Pinning only speeds up copies to a GPU: without a GPU nothing is lost.

    Safe to call any number of times, before or after Warp is initialised.

    Returns:
        Whether pinned arrays are replaced by ordinary ones in this process.
    """
    if torch.cuda.is_available():
        return False
    import warp as wp

    array_class: Any = wp.array
    allocate = array_class._init_new  # the one method through which zeros, empty, full, clone and array allocate
    if not hasattr(allocate, "_ignores_pinned"):

        @functools.wraps(allocate)
        def allocate_unpinned(array: wp.array, *args: Any) -> None:
            allocate(array, *args[:-1], False)  # the last argument says whether to pin

        replacement: Any = allocate_unpinned
        replacement._ignores_pinned = True
        array_class._init_new = replacement
    return True
