# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""CUDA graphs without CUDA: the operators of a call, repeated on the same memory with the same numbers."""

from __future__ import annotations

import torch
from collections.abc import Generator
from contextlib import contextmanager
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from typing import Any

from host_sync import DATA_DEPENDENT, HostSyncError

from ddpl_isaac.runtime import cuda_graphs


class Tape(TorchDispatchMode):
    """Records operators as a capture does: tensors by their memory, all numbers as they are now.

    Unlike a capture it also runs them, so what they wrote has to be undone.
    """

    def __init__(self) -> None:
        """Record nothing yet."""
        super().__init__()
        self.operators: list[tuple[Any, tuple, dict, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__ in DATA_DEPENDENT:
            raise HostSyncError(f"aten.{func.overloadpacket.__name__} cannot be captured")
        result = func(*args, **(kwargs or {}))
        self.operators.append((func, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        """Repeat the operators; each result is written where the first one was."""
        for func, args, kwargs, result in self.operators:
            known = {leaf.untyped_storage().data_ptr() for leaf in tensors((args, kwargs))}
            again = func(*args, **kwargs)
            for first, new in zip(tensors(result), tensors(again), strict=True):
                if first.untyped_storage().data_ptr() not in known:  # neither in place nor a view
                    first.copy_(new)


def tensors(values: Any) -> list[torch.Tensor]:
    """Return the tensors in nested containers."""
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def capture_by_tapes(monkeypatch) -> list[str]:
    """Have functions captured and replayed on the CPU; return the list of what is captured, which grows."""
    names = []

    def capture(function, inputs, settings, generator):
        names.append(function.__name__)
        draws = generator or torch.default_generator
        drawn, tape, written = draws.get_state(), Tape(), _Undo()
        with written, tape:
            result = function(*inputs, **settings)
        written.undo()
        draws.set_state(drawn)
        return lambda: tape.replay(), result  # looked up in every call: count_launches replaces it

    monkeypatch.setattr(cuda_graphs, "_on_gpu", lambda _: True)
    monkeypatch.setattr(cuda_graphs, "_run_aside", lambda function, inputs, settings: function(*inputs, **settings))
    monkeypatch.setattr(cuda_graphs, "_capture", capture)
    return names


@contextmanager
def count_launches(monkeypatch) -> Generator[list[None]]:
    """Return a list that grows with every replay; replays do nothing, so that only what is left beside them is."""
    launches: list[None] = []
    with monkeypatch.context() as patch:
        patch.setattr(Tape, "replay", lambda _: launches.append(None))
        yield launches


class _Undo(TorchDispatchMode):
    """Remembers what tensors held before operators wrote to them."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._schema.is_mutable:
            for tensor in tensors((args, kwargs or {})):
                storage = tensor.untyped_storage()
                if storage.data_ptr() not in self._before:
                    self._before[storage.data_ptr()] = storage, storage.clone()
        return func(*args, **(kwargs or {}))

    def undo(self) -> None:
        """Put everything back."""
        for storage, before in self._before.values():
            storage.copy_(before)


_ALLOCATIONS = frozenset(("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided"))


class CountOperators(TorchDispatchMode):
    """Counts the operators that write something, no allocations: what a GPU would have to launch, or more."""

    def __init__(self) -> None:
        """Start at 0."""
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        known = {tensor.untyped_storage().data_ptr() for tensor in tensors((args, kwargs or {}))}
        written = any(tensor.untyped_storage().data_ptr() not in known for tensor in tensors(result))
        allocates = func.overloadpacket.__name__ in _ALLOCATIONS
        self.count += func._schema.is_mutable or (written and not allocates)
        return result
