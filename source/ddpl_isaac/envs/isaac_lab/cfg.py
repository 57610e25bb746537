# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Configurations of Isaac Lab's tasks: presets, the settings of a run, those for playing, and the command line's."""

from __future__ import annotations

import io
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.utils.io import dump_yaml
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.app import KitLauncher
from isaaclab_physx.physics import PhysxCfg
from isaaclab_tasks.utils import resolve_task_config
from isaaclab_tasks.utils.hydra import collect_presets
from isaaclab_tasks.utils.parse_cfg import load_cfg_from_registry
from isaaclab_tasks.utils.preset_cli import enumerate_task_presets

from ddpl_isaac.errors import ConfigError, UserError, nearest

SELECTORS = ("physics", "renderer", "presets")
"""Tokens that select named alternatives of a task's configuration, as in ``physics=newton_mjwarp``."""


def split_tokens(task: str, tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tokens that select alternatives, and those that set a value.

    Args:
        task: Registered id.
        tokens: Tokens ``physics=``, ``renderer=``, ``presets=`` and ``env.field=value``, where a field of which the
            task declares alternatives selects one.
    """
    with _errors_of(task):
        presets = collect_presets(load_cfg_from_registry(task, "env_cfg_entry_point"))
    paths = {f"env.{path}" for path in presets}
    values = [token for token in tokens if token.startswith("env.") and token.partition("=")[0] not in paths]
    return [token for token in tokens if token not in values], values


def select_alternatives(task: str, selectors: Sequence[str]) -> DirectMARLEnvCfg:
    """Return the configuration of a task with the alternatives that are selected.

    Where Isaac Sim is not installed, its PhysX is replaced by ``ovphysx`` unless an engine is named.

    Args:
        task: Registered id.
        selectors: What :func:`split_tokens` returns first.

    Raises:
        ConfigError: If there is no such alternative or the task has only one agent.
    """
    with _errors_of(task):
        _check_presets(task, [token for token in selectors if token.partition("=")[0] in SELECTORS])
        env_cfg, _ = resolve_task_config(task, None, overrides=list(selectors))
    if not isinstance(env_cfg, DirectMARLEnvCfg):
        raise ConfigError(f"--task {task} has a single agent ({type(env_cfg).__name__}); a DirectMARLEnv is needed.")
    chosen = any(token.startswith("physics=") for token in selectors)
    if not chosen and not KitLauncher.is_available() and isinstance(env_cfg.sim.physics, PhysxCfg | None):
        env_cfg.sim.physics = OvPhysxCfg()
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


@contextmanager
def _errors_of(task: str) -> Generator[None]:
    """Say of which task Isaac Lab complains."""
    try:
        with quiet():
            yield
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"--task {task}: {error}") from error


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
