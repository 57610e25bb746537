# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The fields of a configuration class by their dotted paths, and its objects from plain containers."""

from __future__ import annotations

import functools
from dataclasses import fields, is_dataclass
from typing import Any, cast

from omegaconf import OmegaConf

from ddpl_isaac.config.accepted import Accepted, OneOf, accepted_by
from ddpl_isaac.config.train import TrainConfig


def from_dict[Config](schema: type[Config], values: dict[str, Any]) -> Config:
    """Build a configuration from plain containers; missing fields keep their defaults.

    Raises:
        omegaconf.errors.OmegaConfBaseException: If a key or a type does not belong to the schema.
    """
    return cast(Config, OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), values)))


def sections_of(schema: type) -> dict[str, type]:
    """Return the sections of a configuration class by their names."""
    made = {item.name: item.default_factory for item in fields(schema)}
    return {name: made_by for name, made_by in made.items() if isinstance(made_by, type) and is_dataclass(made_by)}


@functools.cache
def accepted_fields(schema: type = TrainConfig, prefix: str = "") -> dict[str, Accepted | None]:
    """Return what each field accepts by its dotted path, sections excluded; None is all of its type."""
    accepted, sections = accepted_by(schema), sections_of(schema)
    found: dict[str, Accepted | None] = {}
    for item in fields(schema):
        if item.name in sections:
            found |= accepted_fields(sections[item.name], f"{prefix}{item.name}.")
        else:
            found[prefix + item.name] = accepted.get(item.name)
    return found


def choices(path: str) -> tuple[str, ...]:
    """Return the words of which a field takes one."""
    accepted = accepted_fields()[path]
    assert isinstance(accepted, OneOf)
    return accepted.words


def why_refused(path: str, value: Any) -> str | None:
    """Return what the field accepts if it does not accept ``value``, else None."""
    accepted = accepted_fields()[path]
    return None if accepted is None or value in accepted else str(accepted)
