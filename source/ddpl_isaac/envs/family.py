# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a family of environments outside Isaac Lab tells about itself, and the settings that its tasks take."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError, nearest


def _nothing_to_check(task: str, options: Mapping[str, Any]) -> None:
    """Accept all options."""


@dataclass(frozen=True)
class Family:
    """A family of tasks whose ids begin with the same word."""

    tasks: tuple[str, ...]
    """Ids to propose; a family may know more than these."""

    make: Callable[..., MultiAgentVecEnv]
    """Function of (task, num_envs, device, seed, **options)."""

    settings: Callable[[str], str]
    """Function of the task to the ``package:path`` of the learner's settings."""

    defaults: Callable[[str], dict[str, Any]]
    """Function of the task to its own settings, ``env.<name>``, with their defaults."""

    check: Callable[[str, Mapping[str, Any]], None] = _nothing_to_check
    """Function of (task, options) that raises a :class:`ConfigError` if they cannot be used."""

    knows: Callable[[str], bool] | None = None
    """Function that tells whether an id is one of the family's; membership in ``tasks`` if None."""

    has_picture: bool = False
    """Whether the environments have a method ``picture`` and so can be recorded."""

    extra: tuple[str, str] | None = None
    """Name of the extra of the installation, and the module by which to tell that it is there."""

    def has(self, task: str) -> bool:
        """Tell whether an id is one of the family's."""
        return self.knows(task) if self.knows else task in self.tasks

    def require(self, task: str) -> None:
        """Check that the task exists and that what it needs is installed.

        Raises:
            ConfigError: Names the nearest tasks, or the command that installs what is missing.
        """
        if not self.has(task):
            closest = nearest(task, self.tasks, count=3) or self.tasks
            raise ConfigError(f"Unknown task '{task}'. Did you mean {' or '.join(closest)}?")
        if self.extra is not None and importlib.util.find_spec(self.extra[1]) is None:
            name, module = self.extra
            raise ConfigError(
                f"{task} needs {module}, which is not installed; the extra '{name}' brings it:"
                f" uv sync --inexact --extra {name}, or pip install -e '.[{name}]'."
            )


def read_options(task: str, defaults: Mapping[str, Any], tokens: Iterable[str]) -> dict[str, Any]:
    """Return the settings of a task, changed by tokens ``env.name=value``.

    Raises:
        ConfigError: If a token is no setting of the task or its value is not of the type of the default.
    """
    options = dict(defaults)
    for token in tokens:
        key, equals, text = token.partition("=")
        name = key.removeprefix("env.")
        if not key.startswith("env.") or name not in defaults:
            closest = [f"env.{match}" for match in nearest(name, defaults)] or [f"env.{known}" for known in defaults]
            raise ConfigError(f"'{token}': {task} has no such setting; it has {', '.join(closest)}.")
        value = text if isinstance(defaults[name], str) else _parse(text)
        if isinstance(defaults[name], float) and type(value) is int:
            value = float(value)
        if not equals or type(value) is not type(defaults[name]):
            kind = {int: "a whole number", float: "a number", str: "a text"}[type(defaults[name])]
            raise ConfigError(f"'{token}': the value must be {kind}, such as the default {defaults[name]!r}.")
        options[name] = value
    return options


def _parse(text: str) -> Any:
    """Read a YAML scalar; what cannot be read stays text."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
