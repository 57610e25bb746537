# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Functions of tensors as CUDA graphs: all their kernels are launched at once."""

from __future__ import annotations

import torch
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from torch.utils._pytree import tree_flatten, tree_unflatten
from typing import Any

from ddpl_isaac.errors import UserError

_WARM_UP = 3
"""Calls before a capture, in which kernels are compiled, optimisers and libraries allocate what they need."""


@dataclass
class _Call:
    """A function at one set of shapes and settings."""

    inputs: tuple[torch.Tensor, ...]
    """What the function reads in place of the inputs of each call."""

    warmed_up: int = 0
    """Calls that ran kernel by kernel."""

    replay: Callable[[], None] | None = None
    """Launches the graph, once it is captured."""

    result: Any = None
    """What the captured function returned; each replay writes it anew."""


class CudaGraphs:
    """Calls functions, and replays them as CUDA graphs from the fourth call on where that is wanted.

    A graph repeats the kernels of one call on the same memory. So a function may read and write whatever tensors stay
    where they are, and must not decide anything by what changes between calls: numbers that change are inputs, which
    are copied, and what is decided by are settings, each of which has a graph of its own. What it returns is good until
    the next call, unless it is asked for by :meth:`keep`. The first calls run as they are and count like any other, so
    that gradient steps may be captured.
    """

    def __init__(self, active: bool, generator: torch.Generator | None = None) -> None:
        """Capture nothing yet.

        Args:
            active: Whether to capture; otherwise functions are merely called.
            generator: What the functions draw from; None is torch's own generator.
        """
        self.active, self._generator = active, generator
        self._calls: dict[tuple, _Call] = {}

    def __call__[Result](self, function: Callable[..., Result], *inputs: torch.Tensor, **settings: Any) -> Result:
        """Return ``function(*inputs, **settings)``.

        Args:
            function: The same object, or method of the same object, in every call.
            inputs: Tensors that may differ between calls.
            settings: Hashable values; every combination is captured anew.

        Raises:
            UserError: If the function cannot be captured.
        """
        if not self.active or _is_running() or not _on_gpu(inputs):
            return function(*inputs, **settings)
        key = (function, *((tensor.shape, tensor.dtype) for tensor in inputs), *sorted(settings.items()))
        with _normal_mode():
            call = self._calls.get(key)
            if call is None:
                call = self._calls[key] = _Call(tuple(tensor.clone() for tensor in inputs))
            else:
                copy_all(call.inputs, inputs)
            if call.warmed_up < _WARM_UP:
                call.warmed_up += 1
                with _running():
                    return _run_aside(function, call.inputs, settings)
            if call.replay is None:
                with _running():
                    call.replay, call.result = _capture(function, call.inputs, settings, self._generator)
            call.replay()
        return call.result

    def keep[Result](self, function: Callable[..., Result], *inputs: torch.Tensor, **settings: Any) -> Result:
        """Do the same, and return what outlives the next call; what is returned must be tensors in containers."""
        result = self(function, *inputs, **settings)
        return copies(result) if self.active and not _is_running() else result

    def forget(self) -> None:
        """Capture anew what is called next: to be called when tensors have been replaced by others."""
        self._calls.clear()

    def __deepcopy__(self, memo: dict) -> CudaGraphs:
        """Return one without graphs, as they are of the original; it draws from the same generator."""
        return CudaGraphs(self.active, self._generator)


def wants_graphs(mode: str, device: torch.device | str) -> bool:
    """Tell whether functions are to be captured on a device, by ``AlgorithmConfig.compile``."""
    return mode == "auto" and torch.device(device).type == "cuda"


def copies[Tensors](tensors: Tensors) -> Tensors:
    """Return copies of a tensor, or of those in nested containers, made by few kernels."""
    leaves, structure = tree_flatten(tensors)
    own = [torch.empty_like(leaf) for leaf in leaves]
    copy_all(own, leaves)
    return tree_unflatten(own, structure)


def copy_all(targets: Sequence[torch.Tensor], sources: Sequence[torch.Tensor]) -> None:
    """Copy tensors into others, by one kernel for all that have the same types and are laid out like their targets."""
    alike: dict[tuple, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
    for target, source in zip(targets, sources, strict=True):
        if target.stride() == source.stride():
            group = alike.setdefault((target.dtype, source.dtype), ([], []))
            group[0].append(target)
            group[1].append(source)
        else:  # one of these would have all others copied one by one
            target.copy_(source)
    for group in alike.values():
        torch._foreach_copy_(*group)  # pyright: ignore[reportPrivateImportUsage]


def place(kept: dict[str, torch.Tensor], name: str, like: torch.Tensor) -> torch.Tensor:
    """Return a tensor that is kept under a name, to be written in place: where a graph finds it, in any mode.

    It is made of zeros in the first call, which no capture may be.
    """
    if name not in kept:
        with torch.inference_mode(False):
            kept[name] = torch.zeros_like(like)
    return kept[name]


_depth: list[None] = []
"""Functions that run under a :class:`CudaGraphs` now: what they call becomes part of their own graph."""


def _is_running() -> bool:
    return bool(_depth)


def _on_gpu(inputs: tuple[torch.Tensor, ...]) -> bool:
    """Tell whether no input has stayed on the CPU: a policy trained on a GPU may act elsewhere later."""
    return all(tensor.is_cuda for tensor in inputs)


@contextmanager
def _running() -> Generator[None]:
    _depth.append(None)
    try:
        yield
    finally:
        _depth.pop()


@contextmanager
def _normal_mode() -> Generator[None]:
    """Leave inference mode, whose tensors could not be written to outside of it, with gradients as they were."""
    grad = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.set_grad_enabled(grad):
        yield


def _run_aside(function: Callable[..., Any], inputs: tuple[torch.Tensor, ...], settings: dict[str, Any]) -> Any:
    """Call a function on a stream of its own, as torch asks for it before a backward pass is captured."""
    stream, current = _stream(), torch.cuda.current_stream()
    stream.wait_stream(current)
    with torch.cuda.stream(stream):
        result = function(*inputs, **settings)
    current.wait_stream(stream)
    return result


_streams: dict[torch.cuda.Stream, torch.cuda.Stream] = {}


def _stream() -> torch.cuda.Stream:
    """Return the stream of warm-up and capture beside the current one, always the same.

    What a call returns is freed to that stream, and must not be given to a call that does not wait for its reader.
    """
    current = torch.cuda.current_stream()
    if current not in _streams:
        _streams[current] = torch.cuda.Stream()
    return _streams[current]


def _capture(
    function: Callable[..., Any],
    inputs: tuple[torch.Tensor, ...],
    settings: dict[str, Any],
    generator: torch.Generator | None,
) -> tuple[Callable[[], None], Any]:
    """Return what launches the graph of a call, and what the call will return each time; nothing runs yet."""
    graph = torch.cuda.CUDAGraph()
    if generator is not None:
        graph.register_generator_state(generator)
    try:
        # threads of a simulator may allocate meanwhile, which only the strictest mode forbids
        with torch.cuda.graph(graph, stream=_stream(), capture_error_mode="thread_local"):
            result = function(*inputs, **settings)
    except RuntimeError as error:
        raise UserError(
            f"{getattr(function, '__qualname__', function)} could not be captured as a CUDA graph:"
            f" {str(error).partition(chr(10))[0]} agent.algorithm.compile=eager trains without graphs."
        ) from error
    return graph.replay, result
