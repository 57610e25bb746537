# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Names of what a learner reports."""

from __future__ import annotations

import torch
from collections.abc import Mapping

from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.names import path_component


def by_agent(stack: AgentStack, values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Name each agent's entry ``ISSM/<agent as a path>/<metric>``; padded dimensions have no entry.

    Args:
        stack: Layout of the agents.
        values: Metrics of all agents. Shape of each: (A,).

    Returns:
        Metrics of one agent. Shape of each: ().
    """
    dims = dict(zip(stack.names, stack.action_dims, strict=True))
    return {
        f"ISSM/{path_component(name)}/{metric}": value[i]
        for metric, value in values.items()
        for i, name in enumerate(stack.names)
        if not metric.startswith("candidate_std_dim/") or int(metric[-2:]) < dims[name]
    }
