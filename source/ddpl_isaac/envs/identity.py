# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Who the agents of an environment are, as a checkpoint notes it."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Sequence
from typing import Any

from ddpl_isaac.agents import AgentSpec


def describe_environment(
    kind: str, agents: Sequence[AgentSpec], state_dim: int, version: str | None, packages: Sequence[str]
) -> dict[str, Any]:
    """Describe an environment in plain containers.

    Args:
        kind: Where it comes from.
        agents: Its agents.
        state_dim: Size of its state, 0 for none.
        version: Version of its rules, if it has one.
        packages: Distributions whose versions are noted; those that are not installed are left out.
    """
    return {
        "kind": kind,
        "version": version,
        "agents": [
            {
                "name": agent.name,
                "obs_dim": agent.obs_dim,
                "action_dim": agent.action_dim,
                "low": list(agent.low),
                "high": list(agent.high),
            }
            for agent in agents
        ],
        "state_dim": state_dim,
        "packages": dict(_versions(("ddpl_isaac", "gymnasium", *packages))),
    }


def _versions(packages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the version of every package that is installed."""
    for name in packages:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
