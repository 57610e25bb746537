# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A function of tensors as one CUDA graph for each size of its inputs. Nobody has run this on a GPU yet."""

from __future__ import annotations

import torch
from collections.abc import Callable
from typing import Any

_WARM_UP = 3
"""Calls before a capture, in which kernels are compiled and libraries allocate what they need."""


class CudaGraphs:
    """Launches all kernels of a function at once instead of one after the other.

    The function must read its inputs and parameters, whose memory has to stay where it is, and write nothing else. A
    graph keeps the memory of its intermediate results. A copy starts without graphs, as they are of the original.
    """

    def __init__(self) -> None:
        """Capture nothing yet."""
        self._captured: dict[tuple, tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...], torch.Tensor]] = {}

    def __call__(self, function: Callable[..., torch.Tensor], *inputs: torch.Tensor, **settings: Any) -> torch.Tensor:
        """Return ``function(*inputs, **settings)``, captured at the first call with these shapes and settings."""
        key = (*(tensor.shape for tensor in inputs), *settings.items())
        if key not in self._captured:
            self._captured[key] = _capture(function, inputs, settings)
        graph, static_inputs, result = self._captured[key]
        for static, tensor in zip(static_inputs, inputs, strict=True):
            static.copy_(tensor)
        graph.replay()
        return result.clone()

    def __deepcopy__(self, memo: dict) -> CudaGraphs:
        """Return one without graphs."""
        return CudaGraphs()


@torch.inference_mode(False)  # tensors of inference mode could not be written to outside of it
@torch.no_grad()
def _capture(
    function: Callable[..., torch.Tensor], inputs: tuple[torch.Tensor, ...], settings: dict[str, Any]
) -> tuple[torch.cuda.CUDAGraph, tuple[torch.Tensor, ...], torch.Tensor]:
    """Return the graph, where its inputs have to be written, and where its result will be."""
    static_inputs = tuple(tensor.clone() for tensor in inputs)
    device = inputs[0].device
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UP):
            function(*static_inputs, **settings)
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = function(*static_inputs, **settings)
    return graph, static_inputs, result
