# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the columns of observations and actions mean, for whoever connects a policy to a robot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import UserError


class Signal(NamedTuple):
    """Neighbouring columns of one kind."""

    name: str
    """Name, unique among the signals of the vector."""

    unit: str
    """Unit, scale and frame."""

    entries: tuple[str, ...]
    """Name of each column."""


class AgentSignals(NamedTuple):
    """Signals of one agent, in the order of their columns."""

    observation: tuple[Signal, ...]
    """Columns of the observation."""

    action: tuple[Signal, ...]
    """Columns of the action."""


def signals_of(env: MultiAgentVecEnv) -> dict[str, AgentSignals]:
    """Return the signals of every agent: those that the task tells in ``signals``, else numbered columns.

    Raises:
        UserError: If the task tells of more or fewer columns than there are.
    """
    told: Mapping[str, AgentSignals] = getattr(env, "signals", {})
    signals = {}
    for agent in env.agents:
        sizes = {"observation": agent.obs_dim, "action": agent.action_dim}
        numbered = (
            (Signal(kind, "as the task defines it", tuple(f"{kind}[{i}]" for i in range(size))),)
            for kind, size in sizes.items()
        )
        signals[agent.name] = told.get(agent.name) or AgentSignals(*numbered)
        for kind, size in sizes.items():
            columns = sum(len(signal.entries) for signal in getattr(signals[agent.name], kind))
            if columns != size:
                raise UserError(
                    f"The signals of {env.task} name {columns} columns of the {kind} of '{agent.name}'; it has {size}."
                )
    return signals
