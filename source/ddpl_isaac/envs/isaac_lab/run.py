# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The environment's settings of a run, brought back into the configuration of its task.

What the command line of the run said is said again. Beyond that, every value that the run wrote down and that is
another one by now takes its old value, so that new defaults do not change old runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.utils import to_dict

from ddpl_isaac.envs.isaac_lab.fields import fits, put
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.plain_yaml import read_plain
from ddpl_isaac.run_directory import ENV_SETTINGS_NAME, env_tokens_of

logger = logging.getLogger(__name__)

FieldPath = tuple[str, ...]
"""Names on the way to a field."""

_NOT_OF_THE_RUN: frozenset[FieldPath] = frozenset(
    # said anew by every command
    {("seed",), ("scene", "num_envs"), ("sim", "device"), ("log_dir",), ("sim", "log_dir"), ("video_recorders",)}
    # of the machine and its viewers
    | {("sim", "visualizer_cfgs"), ("sim", "default_visualizer_cfg"), ("viewer",), ("ui_window_class_type",), ("xr",)}
    | {("sim", "physics", "cooked_collider_cache_dir"), ("compute_final_obs",)}
    # who the agents are is for the code to say, and for the checkpoint to check
    | {("possible_agents",), ("action_spaces",), ("observation_spaces",), ("state_space",), ("version",)}
    | {("num_actions",), ("num_observations",), ("num_states",)}
)
"""Fields that are not restored."""


@dataclass(frozen=True)
class RunSettings:
    """What a run wrote down of its environment."""

    tokens: list[str]
    """Its tokens."""

    values: dict[str, Any]
    """Its resolved configuration in plain containers; empty if there is none."""


def read_run(run_dir: Path | None) -> RunSettings:
    """Read the environment's settings of a run, as far as they are there; without a run there are none.

    Raises:
        ConfigError: If the file is damaged.
    """
    if run_dir is None:
        return RunSettings([], {})
    path = run_dir / ENV_SETTINGS_NAME
    try:
        values = read_plain(path.read_text()) if path.is_file() else {}
    except yaml.YAMLError as error:
        raise ConfigError(f"'{path}' is not valid YAML: {' '.join(str(error).split())}") from error
    return RunSettings(env_tokens_of(run_dir), values if isinstance(values, dict) else {})


def plain(env_cfg: DirectMARLEnvCfg) -> dict[str, Any]:
    """Return a configuration as it would be read from a run's directory."""
    return read_plain(yaml.dump(to_dict(env_cfg)))


def differences(left: Mapping[str, Any], right: Mapping[str, Any], at: FieldPath = ()) -> Iterator[FieldPath]:
    """Yield the paths that both have with unlike values; a section of another class is one such value."""
    for name in left:
        here = (*at, str(name))
        if name not in right or left[name] == right[name]:
            continue
        if (
            isinstance(left[name], dict)
            and isinstance(right[name], dict)
            and _class_of(left[name]) == _class_of(right[name])
        ):
            yield from differences(left[name], right[name], here)
        else:
            yield here


def restore_values(env_cfg: DirectMARLEnvCfg, values: Mapping[str, Any], chosen: set[FieldPath]) -> None:
    """Give fields the values that a run wrote down, and say which ones keep the task's own.

    Args:
        env_cfg: Configuration of the task, changed in place.
        values: Configuration of the run.
        chosen: Paths for which the command line has chosen something else.
    """
    kept = [path for path in _restore(env_cfg, values, plain(env_cfg), chosen | _NOT_OF_THE_RUN, ()) if path]
    if kept:
        names = ", ".join("env." + ".".join(path) for path in kept)
        logger.warning(
            f"The run had another {names}, which cannot be restored from its settings; the task's own applies."
        )


def _restore(
    section: Any, old: Mapping[str, Any], new: Mapping[str, Any], skipped: set[FieldPath], at: FieldPath
) -> Iterator[FieldPath]:
    """Restore a section; yield the paths of what cannot be restored."""
    for name, value in old.items():
        here = (*at, str(name))
        if here in skipped or (name in new and new[name] == value):
            continue
        current = section.get(name) if isinstance(section, Mapping) else getattr(section, str(name), None)
        same_section = isinstance(value, dict) and isinstance(new.get(name), dict)
        if same_section and not _is_data(current):
            if _class_of(value) != _class_of(new[name]):
                yield here
            else:
                yield from _restore(current, value, new[name], skipped, here)
        elif name in new and _is_data(current) and _can_become(current, value):
            put(section, name, _retyped(value, current))
        else:
            yield here


def _class_of(section: Mapping[str, Any]) -> Any:
    """Return what a section is made into, if it tells."""
    return section.get("class_type"), section.get("func")


def _is_data(value: Any) -> bool:
    """Tell whether a value consists of numbers and texts."""
    if isinstance(value, Mapping):
        return all(_is_data(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_is_data(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def _can_become(current: Any, value: Any) -> bool:
    """Tell whether a value of a run can take the place of the current one."""
    was_a_section = current is None and isinstance(value, dict | list) and "{" in repr(value)
    return fits(value, current) and not was_a_section and not _names_code(value)


def _retyped(value: Any, current: Any) -> Any:
    """Make tuples of lists where there are tuples now: plain values have none."""
    if not isinstance(value, list) or not isinstance(current, list | tuple):
        return value
    like = [*current, *[current[-1] if current else None] * len(value)]
    items = [_retyped(item, now) for item, now in zip(value, like, strict=False)]
    return tuple(items) if isinstance(current, tuple) else items


def _names_code(value: Any) -> bool:
    """Tell whether a value is the name of a file, a prim or a function, which may lie elsewhere now."""
    if isinstance(value, dict):
        return any(_names_code(item) for item in value.values())
    if isinstance(value, list):
        return any(_names_code(item) for item in value)
    return isinstance(value, str) and ("/" in value or ":" in value)
