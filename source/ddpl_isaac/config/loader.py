# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Builds a :class:`~ddpl_isaac.config.TrainConfig` from YAML files, flags and ``agent.`` overrides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ddpl_isaac.config.schema import accepted_fields, why_refused
from ddpl_isaac.config.train import TrainConfig
from ddpl_isaac.errors import ConfigError, nearest

_RENAMED = {
    "ddpl_isaac.algorithms.overlapped_ddpl:OverlappedDDPL": "ddpl_isaac.algorithms.ddpl:DDPL",
    "cuda_graph": "auto",
}
"""Values that the settings of earlier runs hold, and what they are called now."""


def resolve_resource(entry_point: str) -> Path:
    """Return the file behind a ``package:path`` entry point such as ``ddpl_isaac.configs:task/hands.yaml``.

    Raises:
        ConfigError: If the package has no such file.
    """
    package, _, name = entry_point.partition(":")
    try:
        path = Path(str(files(package).joinpath(name)))
    except ModuleNotFoundError as error:
        raise ConfigError(f"ddpl_cfg_entry_point '{entry_point}' names the unknown package '{package}'.") from error
    if not name or not path.is_file():
        raise ConfigError(f"ddpl_cfg_entry_point '{entry_point}' names no file: '{path}' does not exist.")
    return path


def load_config(
    task_delta: Path | None,
    overrides: Iterable[str] = (),
    flags: Mapping[str, Any] | None = None,
    env_cfg: Mapping[str, Any] | None = None,
) -> TrainConfig:
    """Return the defaults, changed by the environment's configuration, the task's file, flags, then overrides.

    Args:
        task_delta: YAML file with the fields in which the task differs from ``ddpl.yaml``, or None.
        overrides: Tokens ``agent.field=value``.
        flags: Values of command line flags by the field they set; None values are skipped.
        env_cfg: Values that the environment's own configuration has for fields; None values are skipped.

    Raises:
        ConfigError: If a key is unknown, or a value has the wrong type or is out of range.
    """
    cfg = OmegaConf.structured(TrainConfig)
    sources: dict[str, str] = {}
    defaults = resolve_resource("ddpl_isaac.configs:ddpl.yaml")
    _apply(cfg, _leaves(_read(defaults), defaults), str(defaults), sources)
    own = [(key, value) for key, value in (env_cfg or {}).items() if value is not None]
    _apply(cfg, own, "the configuration of the environment", sources)
    if task_delta is not None:
        _apply(cfg, _leaves(_read(task_delta), task_delta), str(task_delta), sources)
    for key, value in (flags or {}).items():
        if value is not None:
            _apply(cfg, [(key, value)], f"--{key}", sources)
    for token in overrides:
        _apply(cfg, [_parse_override(token)], f"agent.{token.removeprefix('agent.')}", sources)
    resolved = OmegaConf.to_object(cfg)
    assert isinstance(resolved, TrainConfig)
    for key, value, valid in resolved.contradictions():
        raise ConfigError(_message(key, sources.get(key, "defaults"), value, valid))
    return resolved


def _read(path: Path) -> DictConfig:
    try:
        content = OmegaConf.load(path)
    except FileNotFoundError as error:
        raise ConfigError(f"There is no configuration file '{path}'.") from error
    except (YAMLError, OmegaConfBaseException, OSError, ValueError) as error:  # omegaconf: a number is an OSError
        raise ConfigError(f"'{path}' is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, DictConfig):
        raise ConfigError(f"'{path}' must hold 'key: value' lines.")
    return content


def _leaves(section: DictConfig, path: Path, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key in section:
        try:
            value = section[key]
        except OmegaConfBaseException as error:  # a reference to nothing, or the mark of a missing value
            reason = str(error).partition("\n")[0]
            raise ConfigError(f"'{prefix}{key}' (given in {path}) cannot be read: {reason}.") from error
        if isinstance(value, DictConfig):
            yield from _leaves(value, path, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def _parse_override(token: str) -> tuple[str, Any]:
    key, equals, _ = token.partition("=")
    if not equals or not key.startswith("agent."):
        raise ConfigError(f"'{token}' is not of the form agent.field=value.")
    try:
        parsed = OmegaConf.from_dotlist([token])
        value = OmegaConf.select(parsed, key)
    except (YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(f"The value of '{token}' cannot be read: {' '.join(str(error).split())}") from error
    return key.removeprefix("agent."), OmegaConf.to_container(value) if OmegaConf.is_config(value) else value


def _apply(cfg: DictConfig, items: Iterable[tuple[str, Any]], source: str, sources: dict[str, str]) -> None:
    known = list(accepted_fields())
    for key, given in items:
        value = _RENAMED.get(given, given) if isinstance(given, str) else given
        if key not in known:
            raise ConfigError(_unknown_key(key, source, known))
        try:
            OmegaConf.update(cfg, key, value, merge=False)
        except OmegaConfBaseException as error:
            raise ConfigError(_message(key, source, value, _type_of(key))) from error
        accepted = OmegaConf.to_object(cfg)
        for name in key.split("."):
            accepted = getattr(accepted, name)
        valid = _type_of(key) if accepted is None else why_refused(key, accepted)
        if valid is not None:
            raise ConfigError(_message(key, source, value, valid))
        sources[key] = source


def _message(key: str, source: str, value: Any, valid: str) -> str:
    return f"'{key}' (given in {source}) is {value!r}; it must be {valid}."


def _unknown_key(key: str, source: str, known: list[str]) -> str:
    sections = {path.rpartition(".")[0] for path in known}
    if key in sections:
        members = ", ".join(path.rpartition(".")[2] for path in known if path.rpartition(".")[0] == key)
        return f"'{key}' (given in {source}) is a section; set one of its fields: {members}."
    leaf = key.rpartition(".")[2]
    same_leaf = [path for path in known if path.rpartition(".")[2] == leaf]
    by_leaf = nearest(leaf, (path.rpartition(".")[2] for path in known))
    closest = same_leaf or nearest(key, known) or [path for path in known if path.rpartition(".")[2] in by_leaf]
    hint = f"did you mean '{closest[0]}'?" if closest else "config/ddpl.yaml lists all fields."
    return f"Unknown field '{key}' (given in {source}); {hint}"


def _type_of(key: str) -> str:
    schema: Any = OmegaConf.structured(TrainConfig)
    default = OmegaConf.select(schema, key)
    if OmegaConf.is_config(default):
        return "a list of whole numbers"
    return {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}[type(default)]
