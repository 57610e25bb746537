# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The tasks of Isaac Lab that are there, and modules of the user that register more."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import sys
import sysconfig
import traceback
from pathlib import Path

import gymnasium as gym

import isaaclab_tasks  # noqa: F401, registers Isaac Lab's tasks

import ddpl_isaac.tasks  # noqa: F401, registers ours also where the package is on the path but not installed
from ddpl_isaac.errors import ConfigError, nearest


def register_tasks(task: str) -> None:
    """Register the tasks of Isaac Lab, of this project and of all installed ones; ``module:id`` imports the module.

    The working directory is searched for the module first, as by ``python -m``.

    Raises:
        ConfigError: If that module cannot be found or imported; names the directories, or the cause.
    """
    for entry_point in importlib.metadata.entry_points(group="isaaclab.tasks"):
        entry_point.load()
    module, colon, _ = task.rpartition(":")
    if colon:
        _import_module(module, task)


def task_ids() -> list[str]:
    """Return the ids of all registered Isaac Lab tasks."""
    return sorted(name for name, spec in gym.registry.items() if "env_cfg_entry_point" in spec.kwargs)


def unknown_task(task: str, others: list[str]) -> ConfigError:
    """Return the error for an id that is no Isaac Lab task.

    Args:
        task: What was asked for.
        others: Ids of other sources.
    """
    name = task.rpartition(":")[2]
    if name in gym.registry:
        return ConfigError(
            f"The task '{name}' is registered with gymnasium, but not for Isaac Lab: gym.register(...) needs"
            " kwargs={'env_cfg_entry_point': 'module:Cfg'}."
        )
    closest = nearest(name, [*task_ids(), *others], count=3)
    hint = f"Did you mean {' or '.join(closest)}?" if closest else "`isaaclab list_envs` lists what there is."
    return ConfigError(f"Unknown task '{task}'. {hint}")


def _import_module(module: str, task: str) -> None:
    if not all(part.isidentifier() for part in module.split(".")):
        raise ConfigError(
            f"--task {task}: '{module}' is not the name of a module; it must be like my_package.my_module, with dots"
            " and without .py."
        )
    # python puts the directory of the script there, not the one in which the user is
    if sys.path[0] != os.getcwd():
        sys.path.insert(0, os.getcwd())
    try:
        importlib.import_module(module)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            raise ConfigError(_not_found(error.name or module, task)) from error
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
        raise ConfigError(
            f"--task {task}: the module '{module}' is there, but its import fails in {own[-1].filename}, line"
            f" {own[-1].lineno}: {error}."
        ) from error


def _not_found(module: str, task: str) -> str:
    """Say where a module was looked for, and where there is one of that name."""
    standard = sysconfig.get_path("stdlib")
    searched = [path for path in dict.fromkeys(sys.path) if Path(path).is_dir() and not _is_of(path, standard)]
    leaf = module.rpartition(".")[2]
    below = sorted([*Path().glob(f"*/{leaf}.py"), *Path().glob(f"*/{leaf}/__init__.py")])
    near = nearest(leaf, [path.stem for path in sorted(Path().glob("*.py"))])
    hint = f" There is one in {below[0].parts[0]}: set PYTHONPATH={below[0].parts[0]}." if below else ""
    hint = f" Did you mean '{near[0]}'?" if near and not below else hint
    return (
        f"--task {task}: there is no module '{module}'.{hint} Searched: {', '.join(searched)}. Start where it lies, set"
        " PYTHONPATH, or install it."
    )


def _is_of(path: str, standard: str) -> bool:
    """Tell whether a directory belongs to Python's own library."""
    return path.startswith(standard) and "site-packages" not in path
