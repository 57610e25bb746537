# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Visited cells, counted by hand."""

import math
import torch

from host_sync import forbid_host_sync
from tape import capture_by_tapes

from ddpl_isaac.algorithms.coverage import CELL, LOWEST, NUM_CELLS, VisitedCells

SOUND = torch.zeros(2, dtype=torch.bool)
CORNER = torch.tensor(LOWEST)


def at(*cells: tuple[float, float, float]) -> torch.Tensor:
    """Return points in cells, counted from the corner of the grid, for each of two environments. Shape: (2, P, 3)."""
    return (CORNER + CELL * (torch.tensor(cells) + 0.5)).unflatten(0, (2, -1))


def counts(visited: VisitedCells) -> dict[str, int]:
    return {kind: int(number) for kind, number in visited.counts().items()}


def test_a_cell_counts_once_whoever_visits_it_and_how_often():
    visited = VisitedCells("cpu")
    visited.mark({"ball": at((0, 0, 0), (0, 0, 0))}, SOUND)
    assert counts(visited) == {"ball": 1}
    visited.mark({"ball": at((0, 0, 0.4), (0, 0, 1))}, SOUND)  # the first one moves within its cell
    assert counts(visited) == {"ball": 2}
    # cells that a mistake in the strides would take for each other
    visited.mark({"ball": at((0, 1, 0), (1, 0, 0))}, SOUND)
    visited.mark({"ball": at((0, 0, NUM_CELLS[2] - 1), (0, NUM_CELLS[1] - 1, 0))}, SOUND)
    assert counts(visited) == {"ball": 6}


def test_kinds_of_points_have_grids_of_their_own():
    visited = VisitedCells("cpu")
    tips = at((1, 1, 1), (2, 2, 2), (1, 1, 1), (3, 3, 3))
    visited.mark({"ball": at((1, 1, 1), (1, 1, 1)), "tip": tips}, SOUND)
    assert counts(visited) == {"ball": 1, "tip": 3}


def test_the_grid_ends_at_its_faces():
    visited = VisitedCells("cpu")
    last = tuple(number - 1 for number in NUM_CELLS)
    visited.mark({"ball": at((0, 0, 0), last)}, SOUND)
    assert counts(visited) == {"ball": 2}
    for axis in range(3):
        below, above = [5, 5, 5], [5, 5, 5]
        below[axis], above[axis] = -1, NUM_CELLS[axis]
        visited.mark({"ball": at(tuple(below), tuple(above))}, SOUND)
    visited.mark({"ball": torch.full((2, 1, 3), 1e30)}, SOUND)
    assert counts(visited) == {"ball": 2}


def test_what_is_no_number_and_what_is_broken_does_not_count():
    visited = VisitedCells("cpu")
    places = at((1, 1, 1), (2, 2, 2))
    for value in (math.nan, math.inf, -math.inf):
        places[0, 0, 1] = value
        visited.mark({"ball": places}, SOUND)
    assert counts(visited) == {"ball": 1}
    visited.mark({"ball": at((3, 3, 3), (4, 4, 4))}, torch.tensor([True, False]))
    assert counts(visited) == {"ball": 2}


def test_a_task_without_points_has_no_counts():
    visited = VisitedCells("cpu")
    visited.mark({}, SOUND)
    assert counts(visited) == {}


def test_what_is_saved_is_the_visited_cells_and_counting_goes_on_from_them():
    visited, restored = VisitedCells("cpu"), VisitedCells("cpu")
    visited.mark({"ball": at((0, 0, 3), (0, 1, 0))}, SOUND)
    state = visited.state_dict()
    assert state["ball"].tolist() == [3, NUM_CELLS[2]]
    restored.mark({"ball": at((9, 9, 9), (8, 8, 8))}, SOUND)  # forgotten
    restored.load_state_dict(state)
    restored.mark({"ball": at((0, 0, 3), (7, 7, 7))}, SOUND)
    assert counts(restored) == {"ball": 3}


def test_marking_never_waits_for_the_device_and_works_in_any_mode():
    visited = VisitedCells("cpu")
    places = {"ball": at((0, 0, 0), (1, 1, 1)), "tip": at((0, 0, 0), (0, 0, 0))}
    with forbid_host_sync():
        with torch.inference_mode():
            visited.mark(places, SOUND)
            visited.mark(places, SOUND)
        visited.mark(places, SOUND)
        visited.counts()
    assert counts(visited) == {"ball": 2, "tip": 1}


def test_marking_as_a_graph_counts_the_same(monkeypatch):
    captured = capture_by_tapes(monkeypatch)
    graph, plain = VisitedCells("cpu", captures=True), VisitedCells("cpu")
    generator = torch.Generator().manual_seed(1)
    for number in range(8):
        points = {"ball": 4.0 * torch.rand(2, 1, 3, generator=generator) - 2.0, "tip": torch.full((2, 3, 3), 0.1)}
        broken = torch.tensor([number == 5, False])
        with torch.inference_mode():
            for visited in (graph, plain):
                visited.mark(points, broken)
        if number == 6:
            graph.load_state_dict(plain.state_dict())  # in place, where the graph finds it
    assert captured == ["_mark"]
    assert counts(graph) == counts(plain)
    assert counts(plain)["ball"] > 2
