# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A context in which any wait for the device fails, on machines without a device too."""

from __future__ import annotations

import sys
import torch
from collections.abc import Generator
from contextlib import contextmanager
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from typing import Any

READS = frozenset(
    (
        "item",
        "tolist",
        "numpy",
        "cpu",
        "__bool__",
        "__int__",
        "__float__",
        "__index__",
        "__array__",
        "__repr__",
    )
)
"""Methods of a tensor whose result is on the host."""

DATA_DEPENDENT = frozenset(
    [
        "item",
        "_local_scalar_dense",
        "is_nonzero",
        "nonzero",
        "nonzero_numpy",
        "masked_select",
        "equal",
        "allclose",
        "_unique2",
        "unique_dim",
        "unique_consecutive",
    ]
)
"""Operators whose result or shape depends on the data, so that a CUDA device must be waited for."""


class HostSyncError(AssertionError):
    """The code under test waited for the device."""


def _inside_optimizer() -> bool:
    """Return whether torch's optimiser is at work: it reads its step counter, which lives on the CPU everywhere."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("torch.optim."):
            return True
        frame = frame.f_back
    return False


def _indexed_by_tensors(index: Any) -> bool:
    """Return whether an index has a tensor in it."""
    return any(isinstance(part, torch.Tensor) for part in (index if isinstance(index, tuple | list) else (index,)))


class _NoReads(TorchFunctionMode):
    """Refuses what leaves no trace in the operators of a CPU: ``tolist`` and its like, and numbers sent to the device.

    A number that is assigned through index tensors, or from which a tensor is made, is copied to a GPU from memory that
    is not pinned, and the host waits for that.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        makes = func in (torch.tensor, torch.as_tensor, torch.from_numpy) and not isinstance(args[0], torch.Tensor)
        if (name in READS or makes) and _inside_optimizer():
            return func(*args, **(kwargs or {}))
        if name in READS:
            raise HostSyncError(f"Tensor.{name} reads a tensor on the host")
        if name == "__setitem__" and _indexed_by_tensors(args[1]) and not isinstance(args[2], torch.Tensor):
            raise HostSyncError(f"Assigning {args[2]!r} through index tensors copies it to the device")
        if makes:
            raise HostSyncError(f"torch.{name} copies numbers of the host to the device")
        return func(*args, **(kwargs or {}))


class _NoDataDependence(TorchDispatchMode):
    """Refuses the operators that wait for their data, wherever they are called from."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if (name in DATA_DEPENDENT or (name == "where" and len(args) == 1)) and not _inside_optimizer():
            raise HostSyncError(f"aten.{name} waits for the device")
        if name in ("index", "index_put", "index_put_", "_index_put_impl_"):
            masks = [index for index in args[1] if index is not None and index.dtype in (torch.bool, torch.uint8)]
            if masks:
                raise HostSyncError(f"aten.{name} with a mask waits for the device to count its elements")
        return func(*args, **(kwargs or {}))


@contextmanager
def forbid_host_sync() -> Generator[None]:
    """Raise :class:`HostSyncError` at any read of a tensor on the host and any shape that depends on data.

    On CUDA torch's own check runs as well, which sees what happens inside of kernels' wrappers.
    """
    previous = torch.cuda.get_sync_debug_mode() if torch.cuda.is_available() else None
    if previous is not None:
        torch.cuda.set_sync_debug_mode("error")
    try:
        with _NoDataDependence(), _NoReads():
            yield
    finally:
        if previous is not None:
            torch.cuda.set_sync_debug_mode(previous)
