# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whether a checkpoint belongs to an environment and a learner, told by its header."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rsl_rl.utils import resolve_callable

from ddpl_isaac.runners.checkpoint import CheckpointError

logger = logging.getLogger(__name__)

_SIZES = {"observation": "obs_dim", "action": "action_dim"}
_BOUNDS = {"lower": "low", "upper": "high"}


def check_header(
    header: Mapping[str, Any],
    path: str | Path,
    task: str,
    environment: Mapping[str, Any] | None,
    cfg: Mapping[str, Any],
) -> None:
    """Refuse a checkpoint of other agents or other networks; warn of other packages.

    What an older version did not note is not compared.

    Args:
        header: What the checkpoint tells of itself.
        path: The checkpoint, for the messages.
        task: Task in which it is to act.
        environment: Description of that environment, or None if it is not known yet.
        cfg: :class:`~ddpl_isaac.config.TrainConfig` of this run, as a dictionary.

    Raises:
        CheckpointError: If something differs; names it.
    """
    if header["task"] == task and environment is not None and "environment" in header:
        check_environment(header["environment"], environment, path, task)
        warn_of_versions(header["environment"], environment, path)
    if "learner" in header:
        check_learner(header["learner"], describe_learner(cfg), path)


def check_environment(trained: Mapping[str, Any], found: Mapping[str, Any], checkpoint: object, task: str) -> None:
    """Refuse a checkpoint of other agents.

    Args:
        trained: Description that the checkpoint holds.
        found: Description of the environment that it is to act in.
        checkpoint: Name of the checkpoint, for the message.
        task: Name of the task, for the message.

    Raises:
        CheckpointError: If kind, version, agents, sizes, bounds or state differ.
    """
    differences = "; ".join(_differences(trained, found))
    if differences:
        raise CheckpointError(
            f"The checkpoint {checkpoint} was not trained in {task} as it is now: {differences}."
            " Give the settings that it was trained with, or train anew."
        )


def warn_of_versions(trained: Mapping[str, Any], found: Mapping[str, Any], checkpoint: object) -> None:
    """Say which packages have other versions than when a checkpoint was trained."""
    here, before = found["packages"], trained["packages"]
    other = [f"{name} {old} (now {here[name]})" for name, old in before.items() if here.get(name, old) != old]
    if other:
        logger.warning(f"The checkpoint {checkpoint} was trained with {', '.join(other)}.")


def _differences(trained: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Yield a clause for everything that differs."""
    if trained["kind"] != found["kind"]:
        yield f"it is of another origin, {trained['kind']} (now {found['kind']})"
    if trained["version"] != found["version"]:
        yield f"the task's version was {trained['version']} (now {found['version']})"
    before, now = ([agent["name"] for agent in one["agents"]] for one in (trained, found))
    if before != now:
        yield f"the agents were {', '.join(before)} (now {', '.join(now)})"
        return
    for old, new in zip(trained["agents"], found["agents"], strict=True):
        for what, size in _SIZES.items():
            if old[size] != new[size]:
                yield f"the {what} of '{old['name']}' had size {old[size]} (now {new[size]})"
        for what, bound in _BOUNDS.items():
            if old["action_dim"] == new["action_dim"] and old[bound] != new[bound]:
                yield f"the {what} action bounds of '{old['name']}' were {old[bound]} (now {new[bound]})"
    if trained["state_dim"] != found["state_dim"]:
        yield f"the state had size {trained['state_dim']} (now {found['state_dim']})"


def describe_learner(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that decide which networks there are, by their path, and by which class they are saved.

    Args:
        cfg: :class:`~ddpl_isaac.config.TrainConfig` as a dictionary.
    """
    learner: Any = resolve_callable(cfg["algorithm"]["class_name"])
    described = {"saved_as": learner.saved_as}
    for path in learner.shaped_by(cfg):
        value: Any = cfg
        for name in path.split("."):
            value = value[name]
        described[path] = value
    return described


def check_learner(trained: Mapping[str, Any], found: Mapping[str, Any], checkpoint: object) -> None:
    """Refuse a checkpoint whose networks the settings do not describe.

    Args:
        trained: What :func:`describe_learner` gave when the checkpoint was saved.
        found: What it gives for the settings of this run.
        checkpoint: Name of the checkpoint, for the message.

    Raises:
        CheckpointError: If a field differs; names it.
    """
    if trained["saved_as"] != found["saved_as"]:
        raise CheckpointError(
            f"'algorithm.class_name' is a {found['saved_as']}, but the checkpoint {checkpoint} holds a"
            f" {trained['saved_as']}. Leave the field out, or train anew."
        )
    differences = [path for path in trained if path in found and trained[path] != found[path]]
    if differences:
        told = ", ".join(f"'{path}' is {found[path]}, but was {trained[path]}" for path in differences)
        raise CheckpointError(
            f"The networks of the checkpoint {checkpoint} are others: {told}. Leave the setting out, give that of the"
            " checkpoint, or train anew."
        )
