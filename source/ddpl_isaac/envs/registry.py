# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Decides, by the id, where an environment comes from.

``module:id`` is always a task of the user's module. An id that is registered with gymnasium as an Isaac Lab task is
that task, whatever its name. An id of one of this project's families is the family's. Any other id must be one that
the installed packages register for Isaac Lab, which is imported only then.
"""

from __future__ import annotations

import importlib
import warnings

import gymnasium as gym

from ddpl_isaac.envs.built_in import BUILT_IN, find_family
from ddpl_isaac.envs.source import EnvSource

__all__ = ["find_family", "find_source"]


def find_source(task: str | None) -> EnvSource:
    """Return where the environments of an id come from; Isaac Lab if there is no id."""
    if task is not None and ":" not in task and not _is_registered(task) and BUILT_IN.knows(task):
        return BUILT_IN
    # moviepy's old string escapes would greet the user otherwise
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    return importlib.import_module("ddpl_isaac.envs.isaac_lab.source").ISAAC_LAB


def _is_registered(task: str) -> bool:
    """Tell whether gymnasium knows an id as one of Isaac Lab by now."""
    return task in gym.registry and "env_cfg_entry_point" in gym.registry[task].kwargs
