# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Which joints of a MuJoCo body each agent moves, and where in MuJoCo's data each agent looks."""

from __future__ import annotations

import io
import numpy as np
import re
from contextlib import redirect_stderr
from types import SimpleNamespace
from typing import Any

from ddpl_isaac.envs.mamujoco_bodies import BODIES, Rows
from ddpl_isaac.envs.partition import check_partition, parse_partition
from ddpl_isaac.errors import ConfigError

TASKS = tuple(
    f"MaMuJoCo-{name}-v0"
    for name in (
        "HalfCheetah-2x3",
        "HalfCheetah-6x1",
        "Ant-4x2",
        "Ant-2x4",
        "Ant-2x4d",
        "Hopper-3x1",
        "Walker2d-2x3",
        "Walker2d-6x1",
        "Swimmer-2x1",
        "Humanoid-9|8",
    )
)
"""Partitions with a name. ``MaMuJoCo-<Body>-v0`` takes any other one as ``env.partition``."""

_ID = re.compile(r"MaMuJoCo-(?P<body>[^-]+)(-(?P<partition>[^-]+))?-v0")
_STEP = 1e-6
_BEYOND = 1e9


def parse_id(task: str) -> tuple[str, str]:
    """Return the body and the partition's name of an id; the name may be empty."""
    match = _ID.fullmatch(task)
    assert match is not None, task
    return match["body"], match["partition"] or ""


def is_known(task: str) -> bool:
    """Tell whether an id is one of the family: a body with a partition that has a name, or with none."""
    return task in TASKS or (_ID.fullmatch(task) is not None and parse_id(task) in [(body, "") for body in BODIES])


def make_reference(task: str, partition: str) -> Any:
    """Return gymnasium-robotics' single environment with the task's partition.

    Args:
        task: Identifier of the task.
        partition: Joints of the agents, ``a,b|c``, for an id without the name of a partition.

    Raises:
        ConfigError: If the partition does not give every joint of the body to exactly one agent.
    """
    with redirect_stderr(io.StringIO()):  # its import prints news about other environments
        from gymnasium_robotics import mamujoco_v1

    body, name = parse_id(task)
    if (body, name) == ("Walker2d", "6x1"):  # has no name in gymnasium-robotics
        name, partition = "", "|".join(node.label for node in _nodes(body)[0])
    factorization = None if name else _factorize(task, body, partition)
    return mamujoco_v1.parallel_env(body, name or "by hand", agent_factorization=factorization, render_mode="rgb_array")


def _nodes(body: str) -> tuple[tuple, list, list]:
    """Return the joints of a body in the order of their actuators, what connects them, and what all agents see."""
    from gymnasium_robotics.envs.multiagent_mujoco.obsk import get_parts_and_edges

    (nodes,), edges, everywhere = get_parts_and_edges(body, None)
    return tuple(sorted(nodes, key=lambda node: node.act_ids or 0)), edges, everywhere


def _factorize(task: str, body: str, partition: str) -> dict[str, Any]:
    """Return a partition that is given by the names of joints, in the form that gymnasium-robotics takes."""
    nodes, edges, everywhere = _nodes(body)
    by_label = {node.label: node for node in nodes}
    if not partition.strip():
        raise ConfigError(
            f"{task} needs agents: env.partition='a,b|c' gives joints a and b to the first one and c to the second one;"
            f" the joints are {', '.join(by_label)}."
        )
    agents = parse_partition(partition)
    check_partition(agents, by_label, body, f"env.partition='{partition}'")
    parts = [tuple(by_label[label] for label in agent) for agent in agents]
    return {"partition": parts, "edges": edges, "globals": everywhere}


class Gather:
    """Observations as columns of :class:`Rows`, each between two bounds.

    What gymnasium-robotics builds from lists of joints, one number after the other, is found out once: its own
    functions are given data in which every number tells its place, and again data beyond every bound.
    """

    def __init__(self, reference: Any, rows: Rows) -> None:
        """Find the columns of every agent's observation, and of the state after them.

        Args:
            reference: Environment of gymnasium-robotics.
            rows: Layout of the rows.
        """
        width = rows.matrix.shape[1]
        places = _look(reference, rows, _STEP * (1.0 + np.arange(width)))
        self.sizes = [len(part) for part in places]
        self.columns = np.rint(np.concatenate(places) / _STEP).astype(int) - 1
        self.high = np.concatenate(_look(reference, rows, np.full(width, _BEYOND)))
        self.low = np.concatenate(_look(reference, rows, np.full(width, -_BEYOND)))
        self.high[self.high == _BEYOND], self.low[self.low == -_BEYOND] = np.inf, -np.inf

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Return observations and state side by side in single precision. Shape: (n, Σ sizes)."""
        return matrix[:, self.columns].clip(self.low, self.high).astype(np.float32)


def _look(reference: Any, rows: Rows, values: np.ndarray) -> list[np.ndarray]:
    """Return what each agent, and the owner of the state, would see if a row held these values."""
    from gymnasium_robotics.envs.multiagent_mujoco.obsk import build_obs

    single = reference.single_agent_env.unwrapped
    data = SimpleNamespace(
        **{name: values[block].reshape(getattr(single.data, name).shape) for name, block in rows.blocks.items()}
    )
    seen = [
        build_obs(data, joints, reference.local_categories, reference.mujoco_globals, reference.global_categories)
        for joints in reference.k_dicts
    ]
    kept, single.data = single.data, data
    try:
        seen.append(single._get_obs())
    finally:
        single.data = kept
    return seen
