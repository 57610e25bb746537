# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""An object whose work on a GPU goes on beside that of everything else."""

from __future__ import annotations

import torch
from collections.abc import Callable, Generator
from contextlib import contextmanager
from torch.utils._pytree import tree_leaves
from typing import Any


class LearnerStream:
    """Calls functions of an object in this process; their kernels run on a stream of their own.

    A call returns once its kernels are launched, and with CUDA graphs that takes a fraction of the time that they run:
    the simulator's kernels run meanwhile. It is used like a
    :class:`~ddpl_isaac.algorithms.learner_process.LearnerProcess`.
    """

    def __init__(self, device: str) -> None:
        """Create the stream; on a CPU there is none, and every call is over when it returns."""
        self._stream = torch.cuda.Stream(device) if torch.device(device).type == "cuda" else None
        self._resident: Any = None
        self._value: Any = None

    def build(self, build: Callable[[], Any]) -> None:
        """Build the object; one :meth:`result` must follow."""
        with self._aside():
            self._resident = build()

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Call ``function(object, *args)``; one :meth:`result` must follow."""
        _keep_for(self._stream, args)
        with self._aside():
            self._value = function(self._resident, *args)

    def result(self) -> Any:
        """Return what the call returned; what is launched from now on runs after it."""
        value, self._value = self._value, None
        if self._stream is not None:
            current = torch.cuda.current_stream(self._stream.device)
            current.wait_stream(self._stream)
            _keep_for(current, value)
        return value

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Submit a call and wait for it."""
        self.submit(function, *args)
        return self.result()

    @contextmanager
    def _aside(self) -> Generator[None]:
        """Launch on the stream, after all that has been launched before."""
        if self._stream is None:
            yield
            return
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            yield


def _keep_for(stream: torch.cuda.Stream | None, values: Any) -> None:
    """Have the memory of tensors that are made on one stream and read on another wait for the reader."""
    for leaf in tree_leaves(values):
        if stream is not None and isinstance(leaf, torch.Tensor) and leaf.is_cuda:
            leaf.record_stream(stream)
