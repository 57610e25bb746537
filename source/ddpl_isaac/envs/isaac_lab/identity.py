# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task of Isaac Lab tells of itself before it runs, to be compared with a checkpoint."""

from __future__ import annotations

import gymnasium as gym

from isaaclab.envs import DirectMARLEnvCfg

KIND = "Isaac Lab task"
"""Where the environments come from, in the words of a checkpoint."""


def origin(cfg: DirectMARLEnvCfg, task: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the version that a configuration declares, and the packages of which a task is made."""
    version, entry_point = getattr(cfg, "version", None), getattr(gym.registry.get(task), "entry_point", None)
    own = entry_point.partition(":")[0].partition(".")[0] if isinstance(entry_point, str) else "isaaclab"
    return None if version is None else str(version), tuple(dict.fromkeys(("isaaclab", own)))
