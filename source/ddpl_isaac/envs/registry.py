# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Decides, once and by the id, where an environment comes from; plans and opens it.

``module:id`` is always a task of the user's module. An id that is registered with gymnasium as an Isaac Lab task is
that task, whatever its name. An id of one of this project's families is the family's. Any other id must be one that
the installed packages register for Isaac Lab, which is imported only then.
"""

from __future__ import annotations

import argparse
import importlib
import torch
import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import gymnasium as gym

from ddpl_isaac.envs.built_in import BUILT_IN, find_family
from ddpl_isaac.envs.source import EnvPlan, EnvSource
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv

__all__ = ["EnvPlan", "find_family", "find_source", "open_env", "plan_env", "task_name"]


def find_source(task: str | None) -> EnvSource:
    """Return where the environments of an id come from; Isaac Lab if there is no id."""
    if task is not None and ":" not in task and not _is_registered(task) and BUILT_IN.knows(task):
        return BUILT_IN
    # moviepy's old string escapes would greet the user otherwise
    warnings.filterwarnings("ignore", category=SyntaxWarning)
    return importlib.import_module("ddpl_isaac.envs.isaac_lab.source").ISAAC_LAB


def task_name(task: str) -> str:
    """Return the id without the module that registers it."""
    return task.rpartition(":")[2]


def plan_env(args: argparse.Namespace, overrides: Iterable[str], *, play: bool = False) -> EnvPlan:
    """Find and plan an environment; see :meth:`~ddpl_isaac.envs.source.EnvSource.plan`."""
    return find_source(args.task).plan(args, list(overrides), play=play)


def open_env(
    plan: EnvPlan, args: argparse.Namespace, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
) -> AbstractContextManager[MultiAgentVecEnv]:
    """Seed and run a planned environment; see :meth:`~ddpl_isaac.envs.source.EnvSource.open`."""
    torch.manual_seed(seed)
    return plan.source.open(plan, args, num_envs=num_envs, seed=seed, log_dir=log_dir, video_folder=video_folder)


def _is_registered(task: str) -> bool:
    """Tell whether gymnasium knows an id as one of Isaac Lab by now."""
    return task in gym.registry and "env_cfg_entry_point" in gym.registry[task].kwargs
