# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the allocator of the CPU does with memory that tensors gave back."""

from __future__ import annotations

import ctypes

# of glibc's malloc.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """Let glibc keep the memory of freed tensors of up to 1 GiB instead of handing it back to the kernel.

    Intermediate results of a network come and go in every call. glibc returns those of a few megabytes at once, and the
    kernel clears each page anew when the next call asks for it, which costs as much as the matrix products themselves.
    The process stays as large as it once was.

    Returns:
        Whether the C library knows the settings.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1) and mallopt(_M_MMAP_THRESHOLD, 2**30))
