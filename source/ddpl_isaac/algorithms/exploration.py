# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How much a training explores, whoever learns.

Shapes: N environments, A agents, D action.
"""

from __future__ import annotations

import math
import torch
from collections.abc import Mapping

from ddpl_isaac.algorithms.coverage import VisitedCells
from ddpl_isaac.algorithms.entropy import nearest_neighbour_entropy
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.names import path_component

NUM_SAMPLES = 512
"""Joint actions, at most, by which the entropy of an iteration is estimated; its time grows with the square."""


class Exploration:
    """Counts visited places and estimates the entropy of the joint actions that were played.

    Nothing is drawn at random and nothing waits for the device, so a training goes on as it would without.
    """

    def __init__(
        self, stack: AgentStack, num_envs: int, num_steps: int, device: torch.device | str, captures: bool = False
    ) -> None:
        """Begin with nothing seen.

        Args:
            stack: Layout of the agents.
            num_envs: Environments N.
            num_steps: Steps of an iteration.
            device: Device of actions and points.
            captures: Whether what is done in every step becomes a CUDA graph.
        """
        self._stack, self._visited = stack, VisitedCells(device, captures)
        # of so many neighbouring environments one is sampled, another one in each step
        self._stride = math.ceil(num_envs * num_steps / NUM_SAMPLES)
        self._num_steps, self._played = 0, []

    def record(self, actions: torch.Tensor, points: Mapping[str, torch.Tensor], broken: torch.Tensor) -> None:
        """Take note of a step.

        Args:
            actions: Actions played, in ``[-1, 1]``. Shape: (N, A, D).
            points: ``extras["points"]`` of the environment.
            broken: Environments that broke. Shape: (N,), bool.
        """
        self._played.append(self._stack.unpadded(actions[self._num_steps % self._stride :: self._stride]))
        self._num_steps += 1
        self._visited.mark(points, broken)

    def metrics(self) -> dict[str, torch.Tensor]:
        """Return what was found, by tag, and begin a new iteration.

        Returns:
            ``Exploration/action_entropy`` [nats] of the joint actions of the iteration, each dimension from -1 to 1, if
            there were two at least; ``Exploration/<kind>_cells`` visited since the run began. Shape of each: ().
        """
        metrics = {f"Exploration/{path_component(kind)}_cells": num for kind, num in self._visited.counts().items()}
        joint = torch.cat(self._played)[:NUM_SAMPLES] if self._played else torch.zeros(0)
        self._num_steps, self._played = 0, []
        if len(joint) > 1:
            metrics["Exploration/action_entropy"] = nearest_neighbour_entropy(joint)
        return metrics

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return what was visited."""
        return self._visited.state_dict()

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        """Go on from what :meth:`state_dict` gave."""
        self._visited.load_state_dict(state)
