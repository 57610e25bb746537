# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task of Isaac Lab tells of itself before it runs, to be compared with a checkpoint."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from isaaclab.envs import DirectMARLEnvCfg

from ddpl_isaac.envs.identity import describe_environment
from ddpl_isaac.envs.isaac_lab.spaces import spaces_of_cfg
from ddpl_isaac.envs.vec_env import ActionLimits

KIND = "Isaac Lab task"
"""Where the environments come from, in the words of a checkpoint."""


def declared_identity(cfg: DirectMARLEnvCfg, task: str, limits: ActionLimits) -> dict[str, Any] | None:
    """Return the identity of an environment as its configuration declares it; None if that leaves something open.

    A task may change its configuration when it starts. The identity that counts is then the wrapped environment's.

    Args:
        cfg: Its configuration.
        task: Identifier under which it is registered.
        limits: What bounds of actions may be, and what takes the place of infinite ones.

    Raises:
        UserError: If there is a space that cannot be used.
    """
    spaces = spaces_of_cfg(cfg)
    if spaces is None:
        return None
    return describe_environment(KIND, spaces.agents(limits), spaces.state_dim, *origin(cfg, task))


def origin(cfg: DirectMARLEnvCfg, task: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the version that a configuration declares, and the packages of which a task is made."""
    version, entry_point = getattr(cfg, "version", None), getattr(gym.registry.get(task), "entry_point", None)
    own = entry_point.partition(":")[0].partition(".")[0] if isinstance(entry_point, str) else "isaaclab"
    return None if version is None else str(version), tuple(dict.fromkeys(("isaaclab", own)))
