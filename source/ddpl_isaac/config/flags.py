# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings that can be given as a flag and as a field: one of the two counts, and both together are an error."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from ddpl_isaac.config.schema import why_refused
from ddpl_isaac.errors import ConfigError

_AGENT_FIELDS = {
    "num_envs": "agent.num_envs",
    "seed": "agent.seed",
    "max_iterations": "agent.max_iterations",
    "run_name": "agent.run_name",
    "algorithm": "agent.ppo.algorithm",
}
"""Fields of the learner's settings that are the same as a flag, by the name of the flag."""


def fields_as_flags(
    args: argparse.Namespace, env: Sequence[str], agent: Sequence[str], env_fields: Mapping[str, str]
) -> dict[str, Any]:
    """Return the environment's fields that a flag can set, by the name of the flag.

    Args:
        args: Parsed flags, None where they were not given.
        env: Tokens of the environment.
        agent: Tokens of the learner.
        env_fields: Fields of the environment that are the same as a flag, by the name of the flag.

    Raises:
        ConfigError: If a setting is given in two ways, or its value cannot be used; names both.
    """
    found = {}
    for flag in {**_AGENT_FIELDS, **env_fields}:
        fields = _AGENT_FIELDS.get(flag), env_fields.get(flag)
        tokens = {token.partition("=")[0]: token for token in (*env, *agent) if token.partition("=")[0] in fields}
        given = [f"--{flag} {args.__dict__[flag]}"] if args.__dict__.get(flag) is not None else []
        given += tokens.values()
        if len(given) > 1:
            raise ConfigError(f"'{given[0]}' and '{given[1]}' set the same; give one of them.")
        if env_fields.get(flag) in tokens:
            found[flag] = _value(flag, tokens[env_fields[flag]])
    return found


def _value(flag: str, token: str) -> Any:
    """Return the value of a token as the flag would have it."""
    _, equals, text = token.partition("=")
    if not equals:
        raise ConfigError(f"'{token}' is not of the form env.field=value.")
    if flag == "device":
        return text
    digits = text.strip().removeprefix("-").isdigit()
    valid = why_refused(flag, int(text)) if digits else "a whole number"
    if valid is not None:
        raise ConfigError(f"'{token}': the value must be {valid}.")
    return int(text)
