# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Fields of an environment's configuration, set by ``env.field=value``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from isaaclab.envs import DirectMARLEnvCfg

from ddpl_isaac.errors import ConfigError, nearest


def set_value(env_cfg: DirectMARLEnvCfg, token: str) -> None:
    """Apply one ``env.field=value``.

    Raises:
        ConfigError: If there is no such field, or it takes no such value.
    """
    path, equals, text = token.removeprefix("env.").partition("=")
    if not equals:
        raise ConfigError(f"'{token}' is not of the form env.field=value.")
    *parents, leaf = path.split(".")
    section: Any = env_cfg
    for depth, name in enumerate(parents):
        section = _member(section, name, token, ".".join(["env", *parents[:depth]]))
    value = _parse(text)
    current = _member(section, leaf, token, ".".join(["env", *parents]))
    if not fits(value, current):
        raise ConfigError(f"'{token}': the value must be like the default {current!r}, a {type(current).__name__}.")
    put(section, leaf, value)


def put(section: Any, name: str, value: Any) -> None:
    """Set a member of a section to a value that fits, in the type of the one that was there."""
    current = section[name] if isinstance(section, Mapping) else getattr(section, name)
    if value is not None:
        value = float(value) if isinstance(current, float) else tuple(value) if isinstance(current, tuple) else value
    if isinstance(section, dict):
        section[name] = value
    else:
        setattr(section, name, value)


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


def fits(value: Any, current: Any) -> bool:
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
