# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is captured, and when. Tapes take the place of the graphs, which need a GPU."""

import copy
import torch

import pytest
from host_sync import HostSyncError
from tape import CountOperators, capture_by_tapes

from ddpl_isaac.runtime.cuda_graphs import CudaGraphs, copies, copy_all, place, wants_graphs

CALLS = 6


@pytest.fixture(autouse=True)
def captures(monkeypatch):
    """Names of the functions that were captured."""
    return capture_by_tapes(monkeypatch)


class Counting:
    """Functions that know how often their own code has run."""

    def __init__(self):
        self.ran = 0
        self.total = torch.zeros(2)
        self.weight = torch.nn.Parameter(torch.zeros(2))

    def scaled_sum(self, a, b, factor=1.0):
        self.ran += 1
        return {"sum": factor * (a + b)}

    def add(self, a):
        self.ran += 1
        self.total += a
        return self.total.square()

    def draw(self):
        return torch.rand(3)

    def learn(self, target):
        self.weight.grad = None
        (self.weight - target).square().sum().backward()
        with torch.no_grad():
            self.weight -= 0.25 * self.weight.grad

    def outer(self, a, graphs):
        return graphs(self.add, a) + 1.0

    def reads(self, a):
        return a * float(a.sum())


def test_a_graph_computes_with_the_inputs_of_each_call_and_runs_no_code_of_ours(captures):
    graphs, made = CudaGraphs(active=True), Counting()
    for value in range(CALLS):
        assert (
            graphs(made.scaled_sum, torch.full((2,), float(value)), torch.ones(2))["sum"].tolist() == [value + 1.0] * 2
        )
    assert captures == ["scaled_sum"]
    assert made.ran == 4  # three calls to warm up, and the capture


def test_every_call_counts_once_whether_it_warms_up_is_captured_or_replayed():
    graphs, made = CudaGraphs(active=True), Counting()
    for value in range(1, CALLS + 1):
        assert graphs(made.add, torch.ones(2)).tolist() == [value**2] * 2
    assert made.total.tolist() == [CALLS] * 2


def test_gradient_steps_are_replayed_with_their_backward_pass():
    graphs, made = CudaGraphs(active=True), Counting()
    expected = torch.zeros(2)
    for value in range(CALLS):
        graphs(made.learn, torch.full((2,), float(value)))
        expected = 0.5 * (expected + value)
        assert torch.equal(made.weight.detach(), expected)


def test_what_is_drawn_is_what_is_drawn_without_graphs():
    draws = []
    for active in (True, False):
        torch.manual_seed(3)
        graphs, made = CudaGraphs(active), Counting()
        draws.append(torch.stack([graphs(made.draw).clone() for _ in range(CALLS)]))
    assert torch.equal(*draws)


def test_other_shapes_and_other_settings_are_captured_anew(captures):
    graphs, made = CudaGraphs(active=True), Counting()
    for size, factor in ((2, 1.0), (3, 1.0), (2, 2.0)) * CALLS:
        assert (
            graphs(made.scaled_sum, torch.ones(size), torch.ones(size), factor=factor)["sum"].tolist()
            == [2.0 * factor] * size
        )
    assert len(captures) == 3


def test_a_graph_within_a_graph_is_part_of_it(captures):
    graphs, made = CudaGraphs(active=True), Counting()
    inner = CudaGraphs(active=True)
    for value in range(1, CALLS + 1):
        assert graphs(made.outer, torch.ones(2), graphs=inner).tolist() == [value**2 + 1.0] * 2
    assert captures == ["outer"]


def test_inference_mode_leaves_no_tensor_behind_that_could_not_be_written_to_later():
    graphs, made = CudaGraphs(active=True), Counting()
    with torch.inference_mode():
        for _ in range(CALLS):
            graphs(made.add, torch.ones(2))
    made.total += 1.0
    assert graphs(made.add, torch.ones(2)).tolist() == [(CALLS + 2) ** 2] * 2


def test_what_is_kept_outlives_the_next_calls():
    for active in (True, False):
        graphs, made = CudaGraphs(active), Counting()
        kept = [graphs.keep(made.scaled_sum, torch.full((2,), float(i)), torch.ones(2)) for i in range(2 * CALLS)]
        assert [result["sum"].tolist() for result in kept] == [[i + 1.0] * 2 for i in range(2 * CALLS)]


def test_tensors_of_all_types_and_layouts_are_copied_together():
    rows = torch.arange(12.0).view(3, 4)
    sources = rows, rows.T, rows[:, 1:3], rows > 5, rows.long(), rows[0, :1].expand(5), torch.zeros(2, 0)
    targets = [torch.zeros(source.shape, dtype=source.dtype) for source in sources]
    with CountOperators() as operators:
        copy_all(targets, sources)
    # numbers, flags and integers of one layout, and three of another
    assert operators.count == 6
    assert all(torch.equal(*pair) for pair in zip(targets, sources, strict=True))
    own, others = copies((sources, {"rows": rows}))
    rows.zero_()
    assert all(torch.equal(*pair) for pair in zip(own, targets, strict=True))
    assert torch.equal(others["rows"], targets[0])
    numbers = torch.zeros(2)
    copy_all([numbers], [torch.tensor([True, False])])
    assert numbers.tolist() == [1.0, 0.0]


def test_what_is_placed_in_inference_mode_can_be_written_to_outside_of_it():
    kept = {}
    with torch.inference_mode():
        place(kept, "a", torch.ones(2)).add_(1.0)
    assert place(kept, "a", torch.ones(3)).add_(1.0).tolist() == [2.0, 2.0]


def test_a_copy_captures_its_own_graphs_and_what_is_forgotten_is_captured_anew(captures):
    graphs, made = CudaGraphs(active=True), Counting()
    for one in (graphs, copy.deepcopy(graphs), graphs):
        for _ in range(CALLS):
            one(made.add, torch.ones(2))
    assert len(captures) == 2
    graphs.forget()
    made.total = torch.zeros(2)
    for _ in range(CALLS):
        graphs(made.add, torch.ones(2))
    assert len(captures) == 3
    assert made.total.tolist() == [CALLS] * 2


def test_what_waits_for_the_device_cannot_be_captured():
    graphs, made = CudaGraphs(active=True), Counting()
    for _ in range(3):
        graphs(made.reads, torch.ones(2))
    with pytest.raises(HostSyncError):
        graphs(made.reads, torch.ones(2))


@pytest.mark.parametrize(
    ("mode", "device", "wanted"), [("auto", "cuda:0", True), ("eager", "cuda:0", False), ("auto", "cpu", False)]
)
def test_graphs_are_for_a_gpu_and_can_be_declined(captures, mode, device, wanted):
    assert wants_graphs(mode, device) == wanted
    graphs, made = CudaGraphs(wants_graphs(mode, device)), Counting()
    for _ in range(CALLS):
        graphs(made.add, torch.ones(2))
    assert captures == ["add"] * wanted
