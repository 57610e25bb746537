# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Finds and configures tasks of Isaac Lab."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import io
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import gymnasium as gym

import isaaclab_tasks  # noqa: F401, registers Isaac Lab's tasks
from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.utils.io import dump_yaml
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.app import KitLauncher
from isaaclab_physx.physics import PhysxCfg
from isaaclab_tasks.utils import resolve_task_config
from isaaclab_tasks.utils.hydra import collect_presets
from isaaclab_tasks.utils.parse_cfg import load_cfg_from_registry
from isaaclab_tasks.utils.preset_cli import enumerate_task_presets

import ddpl_isaac.tasks  # noqa: F401, registers ours also where the package is on the path but not installed
from ddpl_isaac.config_loader import ConfigError, nearest
from ddpl_isaac.envs.isaac_lab_spaces import spaces_of_cfg
from ddpl_isaac.errors import UserError

SELECTORS = ("physics", "renderer", "presets")
"""Tokens that select named alternatives of a task's configuration, as in ``physics=newton_mjwarp``."""


def register_tasks(task: str) -> None:
    """Register the tasks of Isaac Lab, of this project and of all installed ones; ``module:id`` imports the module.

    Raises:
        ConfigError: If that module cannot be found.
    """
    for entry_point in importlib.metadata.entry_points(group="isaaclab.tasks"):
        entry_point.load()
    module = task.rpartition(":")[0]
    try:
        if module:
            importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigError(f"--task {task}: there is no module '{error.name}'.") from error


def task_ids() -> list[str]:
    """Return the ids of all registered Isaac Lab tasks."""
    return sorted(name for name, spec in gym.registry.items() if "env_cfg_entry_point" in spec.kwargs)


def resolve_env_cfg(task: str, overrides: Iterable[str], *, play: bool = False) -> DirectMARLEnvCfg:
    """Return the configuration of a task with presets and ``env.`` overrides applied.

    Where Isaac Sim is not installed, its PhysX is replaced by ``ovphysx`` unless the command line names an engine.

    Args:
        task: Registered id.
        overrides: Tokens ``physics=``, ``renderer=``, ``presets=`` and ``env.field=value``.
        play: Whether to apply the task's settings for playing.

    Raises:
        ConfigError: If a token cannot be used or the task has only one agent.
        UserError: If the task has spaces that cannot be used.
    """
    tokens = list(overrides)
    try:
        with quiet():
            _check_presets(task, [token for token in tokens if token.partition("=")[0] in SELECTORS])
            presets = collect_presets(load_cfg_from_registry(task, "env_cfg_entry_point"))
            paths = {f"env.{path}" for path in presets}
            values = [t for t in tokens if t.startswith("env.") and t.partition("=")[0] not in paths]
            selectors = [token for token in tokens if token not in values]
            env_cfg, _ = resolve_task_config(task, None, play_mode=play, overrides=selectors)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"--task {task}: {error}") from error
    if not isinstance(env_cfg, DirectMARLEnvCfg):
        raise ConfigError(f"--task {task} has a single agent ({type(env_cfg).__name__}); a DirectMARLEnv is needed.")
    for token in values:
        _set_value(env_cfg, token)
    chosen = any(token.startswith("physics=") for token in tokens)
    if not chosen and not KitLauncher.is_available() and isinstance(env_cfg.sim.physics, PhysxCfg | None):
        env_cfg.sim.physics = OvPhysxCfg()
    spaces_of_cfg(env_cfg)
    return env_cfg


def dump_env_cfg(path: Path, env_cfg: DirectMARLEnvCfg) -> None:
    """Write the resolved configuration of the environment as YAML."""
    dump_yaml(str(path), env_cfg)


@contextmanager
def quiet() -> Generator[None]:
    """Keep what Isaac Lab prints to itself, unless it fails."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    except (UserError, SystemExit):
        raise
    except BaseException:
        sys.stderr.write(said.getvalue())
        raise


def _check_presets(task: str, tokens: list[str]) -> None:
    """Refuse a preset that the task does not declare."""
    declared = {target.value: names for target, names in (enumerate_task_presets(task) or {}).items()}
    for token in tokens:
        selector, _, names = token.partition("=")
        known = (
            declared.get(selector, []) if selector != "presets" else sorted({n for v in declared.values() for n in v})
        )
        for name in names.split(","):
            if name not in known:
                closest = nearest(name, known)
                hint = f" Did you mean '{selector}={closest[0]}'?" if closest else ""
                raise ConfigError(
                    f"'{token}': {task} has no {selector} preset '{name}'; it has: {', '.join(known) or 'none'}.{hint}"
                )


def _set_value(env_cfg: DirectMARLEnvCfg, token: str) -> None:
    """Apply one ``env.field=value``."""
    path, equals, text = token.removeprefix("env.").partition("=")
    if not equals:
        raise ConfigError(f"'{token}' is not of the form env.field=value.")
    *parents, leaf = path.split(".")
    section: Any = env_cfg
    for depth, name in enumerate(parents):
        section = _member(section, name, token, ".".join(["env", *parents[:depth]]))
    value = _parse(text)
    current = _member(section, leaf, token, ".".join(["env", *parents]))
    if not _fits(value, current):
        raise ConfigError(f"'{token}': the value must be like the default {current!r}, a {type(current).__name__}.")
    value = float(value) if isinstance(current, float) else tuple(value) if isinstance(current, tuple) else value
    if isinstance(section, dict):
        section[leaf] = value
    else:
        setattr(section, leaf, value)


def _member(section: Any, name: str, token: str, path: str) -> Any:
    """Return a field of a section of a configuration, or name the nearest one that is there."""
    members = section if isinstance(section, Mapping) else getattr(section, "__dict__", {})
    known = [member for member in members if not str(member).startswith("_")]
    if name in known:
        return members[name]
    closest = nearest(name, known)
    hint = f"did you mean '{path}.{closest[0]}'?" if closest else f"there are: {', '.join(known) or 'none'}."
    raise ConfigError(f"Unknown field '{path}.{name}' (given in {token}); {hint}")


def _parse(text: str) -> Any:
    """Read a Python literal, also ``true``, ``false`` and ``null``; anything else is text."""
    words = {"true": True, "false": False, "null": None, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _fits(value: Any, current: Any) -> bool:
    """Tell whether a value can stand in for the current one."""
    if value is None or current is None:
        return True
    if isinstance(current, bool) or isinstance(value, bool):
        return isinstance(current, bool) and isinstance(value, bool)
    if isinstance(current, float):
        return isinstance(value, int | float)
    if isinstance(current, list | tuple):
        return isinstance(value, list | tuple)
    return isinstance(value, type(current))
