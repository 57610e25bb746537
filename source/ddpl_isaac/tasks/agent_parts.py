# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Bodies that several agents share: which columns of a body's action and observation belong to whom."""

from __future__ import annotations

import re
import torch
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ddpl_isaac.envs.partition import check_partition
from ddpl_isaac.envs.signals import AgentSignals, Signal


class Part(NamedTuple):
    """What one of the agents of a body moves."""

    name: str
    """Its agents are called ``<body>_<name>``, or like their body if it is empty."""

    pattern: str
    """Regular expression that is found in the names of its joints, tendons and links; an empty one is in all."""


class AgentParts:
    """Divides bodies among agents, by the names of columns.

    The physics, the joint action and the reward stay those of the bodies. An agent observes, in the order of its body:

    * the columns of what it moves: those whose name its part's pattern matches;
    * the columns of what carries all parts, such as a wrist;
    * the columns that belong to no part, such as an object and its goal;

    or everything that its body observes.
    """

    def __init__(
        self,
        bodies: Mapping[str, AgentSignals],
        parts: Sequence[Part],
        *,
        carrier: str | None = None,
        whole_body: bool = False,
        device: str = "cpu",
    ) -> None:
        """Find every agent's columns.

        Args:
            bodies: What the columns of every body's observation and action mean.
            parts: Parts of every body.
            carrier: Pattern of what every agent of a body observes beside its own.
            whole_body: Whether every agent observes all that its body does.
            device: Where observations and actions live.

        Raises:
            ConfigError: If the parts do not give every column of an action to exactly one agent.
        """
        self.agents: dict[str, str] = {}
        """Body of every agent, in the order of the bodies, then of the parts."""
        self.signals: dict[str, AgentSignals] = {}
        """What the columns of every agent's observation and action mean."""
        self._columns: dict[str, torch.Tensor] = {}
        self._order: dict[str, torch.Tensor] = {}
        for body, signals in bodies.items():
            moved = _names(signals.action)
            owned = [_find(part.pattern, moved) for part in parts]
            where = f"The parts {', '.join(part.name or body for part in parts)}"
            check_partition([[moved[i] for i in columns] for columns in owned], moved, body, where)
            order = [column for columns in owned for column in columns]
            self._order[body] = torch.tensor(order, device=device).argsort()
            observed = _names(signals.observation)
            ownerless = set(range(len(observed))).difference(*(_find(part.pattern, observed) for part in parts))
            common = ownerless.union(_find(carrier, observed) if carrier else ())
            for part, columns in zip(parts, owned, strict=True):
                seen = range(len(observed)) if whole_body else sorted(common.union(_find(part.pattern, observed)))
                agent = f"{body}_{part.name}" if part.name else body
                self.agents[agent] = body
                self.signals[agent] = AgentSignals(_select(signals.observation, seen), _select(signals.action, columns))
                self._columns[agent] = torch.tensor(list(seen), device=device)
        self._divided = len(parts) > 1

    def sizes(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the sizes of every agent's observation and action."""
        observations = {agent: len(_names(signals.observation)) for agent, signals in self.signals.items()}
        return observations, {agent: len(_names(signals.action)) for agent, signals in self.signals.items()}

    def join(self, actions: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Put together the actions of the agents of every body. Shape of each: (num_envs, action size of the body)."""
        own = {body: [actions[agent] for agent, its in self.agents.items() if its == body] for body in self._order}
        if not self._divided:
            return {body: action for body, (action,) in own.items()}
        return {body: torch.cat(parts, dim=-1)[:, self._order[body]] for body, parts in own.items()}

    def split(self, observations: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Give every agent its columns of what its body observes. Shape of each: (num_envs, observation size)."""
        if not self._divided:
            return {agent: observations[body] for agent, body in self.agents.items()}
        return {agent: observations[body][:, self._columns[agent]] for agent, body in self.agents.items()}


def _names(signals: Sequence[Signal]) -> list[str]:
    """Return the names of all columns."""
    return [entry for signal in signals for entry in signal.entries]


def _find(pattern: str, names: Sequence[str]) -> list[int]:
    """Return the columns in whose names a pattern is found."""
    return [column for column, name in enumerate(names) if re.search(pattern, name)]


def _select(signals: Sequence[Signal], columns: Sequence[int]) -> tuple[Signal, ...]:
    """Return the signals of some columns."""
    selected, start, kept = [], 0, set(columns)
    for signal in signals:
        entries = tuple(entry for column, entry in enumerate(signal.entries, start) if column in kept)
        start += len(signal.entries)
        if entries:
            selected.append(signal._replace(entries=entries))
    return tuple(selected)
