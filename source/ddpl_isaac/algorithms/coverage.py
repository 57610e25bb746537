# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Which places were visited since a run began.

Shapes: N environments, P points, C cells.
"""

from __future__ import annotations

import math
import torch
from collections.abc import Mapping

from ddpl_isaac.runtime.cuda_graphs import CudaGraphs

CELL = 0.025
"""Edge of a cell [m]: a fingertip is 2 cm wide and moves by 10 cm, so larger cells would hardly tell its places apart,
and a ball of 7 cm that rests on a palm should not fill many."""

LOWEST = (-1.5, -1.5, 0.0)
"""Corner of the grid in the frame of an environment [m]. Environments are 1.5 to 2 m apart."""

NUM_CELLS = (120, 120, 80)
"""Cells along x, y and z: 3 m x 3 m x 2 m, which holds two hands, their reach and what they throw to each other. What
flies further is lost to the task and does not count. A byte per cell, 1.2 MB."""

_NOWHERE = math.prod(NUM_CELLS)
"""Index of the entry for what does not count."""


class VisitedCells:
    """A grid of places for each kind of points, written in place; nothing waits for the device in a step."""

    def __init__(self, device: torch.device | str, captures: bool = False) -> None:
        """Begin with nothing visited.

        Args:
            device: Device of the points.
            captures: Whether marking becomes a CUDA graph.
        """
        self._device, self._visited, self._graphs = device, {}, CudaGraphs(captures)
        with torch.inference_mode(False):
            self._lowest = torch.tensor(LOWEST, device=device)
            self._num_cells = torch.tensor(NUM_CELLS, device=device)
            self._strides = torch.tensor([NUM_CELLS[1] * NUM_CELLS[2], NUM_CELLS[2], 1.0], device=device)

    def mark(self, points: Mapping[str, torch.Tensor], broken: torch.Tensor) -> None:
        """Mark the cells in which points are.

        Args:
            points: Places in the frame of each environment [m], by kind; what is outside of the grid or no number does
                not count. Shape of each: (N, P, 3).
            broken: Environments that do not count. Shape: (N,), bool.
        """
        if points:
            for kind in points:
                self._grid(kind)  # made before a graph is captured
            self._graphs(self._mark, broken, *points.values(), kinds=tuple(points))

    def _mark(self, broken: torch.Tensor, *points: torch.Tensor, kinds: tuple[str, ...]) -> torch.Tensor:
        for kind, places in zip(kinds, points, strict=True):
            cell = ((places - self._lowest) / CELL).floor()
            inside = ((cell >= 0) & (cell < self._num_cells)).all(dim=-1) & ~broken[:, None]
            # whole numbers below 2^24 are exact in float32
            index = torch.where(inside, (cell * self._strides).sum(dim=-1), _NOWHERE).long()
            self._grid(kind).index_fill_(0, index.flatten(), True)
        return broken

    def counts(self) -> dict[str, torch.Tensor]:
        """Return how many cells each kind of points has visited. Shape of each: ()."""
        return {kind: grid[:-1].sum() for kind, grid in self._visited.items()}

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return the indices of the visited cells by kind. Shape of each: (number visited,). Waits for the device."""
        return {kind: grid[:-1].nonzero().flatten().int() for kind, grid in self._visited.items()}

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Count on from what :meth:`state_dict` gave."""
        for kind, visited in state.items():
            self._grid(kind).zero_().index_fill_(0, visited.to(self._device, torch.long), True)

    def _grid(self, kind: str) -> torch.Tensor:
        """Return the grid of a kind of points, and an entry for what does not count. Shape: (C + 1,), bool."""
        if kind not in self._visited:
            with torch.inference_mode(False):
                self._visited[kind] = torch.zeros(_NOWHERE + 1, dtype=torch.bool, device=self._device)
        return self._visited[kind]
