# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Who moves what, when several agents share a body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from ddpl_isaac.errors import ConfigError, nearest


def parse_partition(text: str) -> list[list[str]]:
    """Read ``a,b|c``: joints a and b belong to the first agent, c to the second one."""
    return [[label.strip() for label in agent.split(",") if label.strip()] for agent in text.split("|")]


def check_partition(agents: Sequence[Sequence[str]], joints: Collection[str], body: str, where: str) -> None:
    """Check that every joint of a body belongs to exactly one agent.

    Args:
        agents: Joints of every agent.
        joints: Joints of the body.
        body: Name of the body, for messages.
        where: Where the partition was given, for messages.

    Raises:
        ConfigError: If an agent has no joint, or a joint is unknown, given twice or left out.
    """
    for number, agent in enumerate(agents):
        if not agent:
            raise ConfigError(f"{where}: agent {number} has no joint; agents are separated by one '|'.")
    counts = Counter(label for agent in agents for label in agent)
    for label, count in counts.items():
        if label not in joints:
            hint = f"did you mean '{near[0]}'?" if (near := nearest(label, joints)) else f"has {', '.join(joints)}."
            raise ConfigError(f"{where}: {body} has no joint '{label}'; {hint}")
        if count > 1:
            raise ConfigError(f"{where}: '{label}' is given {count} times; every joint belongs to one agent.")
    if missing := [label for label in joints if label not in counts]:
        raise ConfigError(f"{where} leaves out {', '.join(missing)}; every joint belongs to one agent.")
