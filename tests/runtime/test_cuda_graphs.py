# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is captured, and when: the graphs themselves are replaced, since they need a GPU."""

import copy
import torch

import pytest

from ddpl_isaac.runtime import cuda_graphs
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs


class FakeGraph:
    """Computes anew from the static inputs, into the same result, as a replay of kernels does."""

    def __init__(self, function, inputs, settings):
        self.function, self.inputs, self.settings = function, inputs, settings
        self.result = function(*inputs, **settings)

    def replay(self):
        self.result.copy_(self.function(*self.inputs, **self.settings))


@pytest.fixture
def captures(monkeypatch):
    """Shapes and settings of what was captured."""
    made = []

    def capture(function, inputs, settings):
        made.append(([tuple(tensor.shape) for tensor in inputs], settings))
        graph = FakeGraph(function, tuple(tensor.clone() for tensor in inputs), settings)
        return graph, graph.inputs, graph.result

    monkeypatch.setattr(cuda_graphs, "_capture", capture)
    return made


def scaled_sum(a, b, factor=1.0):
    return factor * (a + b)


def test_a_graph_computes_with_the_inputs_of_each_call(captures):
    graphs = CudaGraphs()
    for value in (1.0, 5.0):
        assert graphs(scaled_sum, torch.full((2,), value), torch.ones(2)).tolist() == [value + 1.0] * 2
    assert len(captures) == 1


def test_other_shapes_and_other_settings_are_captured_anew(captures):
    graphs = CudaGraphs()
    for size, factor in ((2, 1.0), (3, 1.0), (2, 2.0), (3, 1.0)):
        assert graphs(scaled_sum, torch.ones(size), torch.ones(size), factor=factor).tolist() == [2.0 * factor] * size
    assert captures == [
        ([(2,), (2,)], {"factor": 1.0}),
        ([(3,), (3,)], {"factor": 1.0}),
        ([(2,), (2,)], {"factor": 2.0}),
    ]


@pytest.mark.usefixtures("captures")
def test_a_result_survives_the_next_call():
    graphs = CudaGraphs()
    first = graphs(scaled_sum, torch.ones(2), torch.ones(2))
    graphs(scaled_sum, torch.zeros(2), torch.zeros(2))
    assert first.tolist() == [2.0, 2.0]


def test_a_copy_captures_its_own_graphs(captures):
    graphs = CudaGraphs()
    graphs(scaled_sum, torch.ones(2), torch.ones(2))
    copy.deepcopy(graphs)(scaled_sum, torch.ones(2), torch.ones(2))
    assert len(captures) == 2
