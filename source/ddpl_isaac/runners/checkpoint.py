# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Saving, loading and finding the checkpoints of a run."""

from __future__ import annotations

import difflib
import logging
import re
import torch
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ddpl_isaac.errors import ConfigError
from ddpl_isaac.storage.checkpoint_file import CheckpointError, read_file, write_file

__all__ = [
    "CheckpointError",
    "FoundCheckpoint",
    "checkpoint_header",
    "find_checkpoint",
    "load_checkpoint",
    "save_checkpoint",
]

logger = logging.getLogger(__name__)


def save_checkpoint(
    path: str | Path, state: Mapping[str, Any], *, task: str, origin: Mapping[str, Any] | None = None
) -> None:
    """Write a checkpoint, whole or not at all.

    A file of that name is replaced in one step once the new one is safely on the disk.

    Args:
        path: File to write; its directory is created.
        state: Nested mappings, lists and tuples of tensors, numbers, strings, bytes, bools and None. Mappings come
            back as ``dict``, parameters as tensors.
        task: Task that the checkpoint belongs to.
        origin: The environment and the learner that it belongs to (:mod:`~ddpl_isaac.runners.checkpoint_identity`).

    Raises:
        CheckpointError: If the state holds anything else, or the disk refuses the file.
    """
    write_file(Path(path), state, kind="checkpoint", task=task, origin=origin)


def load_checkpoint(path: str | Path, *, task: str | None = None, device: str | torch.device = "cpu") -> dict[str, Any]:
    """Return the state that :func:`save_checkpoint` was given.

    Args:
        path: File to read.
        task: Task that the checkpoint must belong to; any if None.
        device: Device of all tensors, those of random states included (torch wants these on the CPU).

    Raises:
        CheckpointError: If the file is missing, truncated, damaged, not ours, of another version or another task.
    """
    return read_file(Path(path), kind="checkpoint", task=task, device=device)["state"]


def checkpoint_header(path: str | Path) -> dict[str, Any]:
    """Return what a checkpoint tells of itself, without reading its tensors.

    Its ``task`` is always there; ``environment`` and ``learner`` are not in those of older versions.

    Raises:
        CheckpointError: As in :func:`load_checkpoint`.
    """
    return read_file(Path(path), kind="checkpoint", task=None, device="cpu", tensors=False)["header"]


class FoundCheckpoint(NamedTuple):
    """A checkpoint of the task that is meant."""

    path: Path
    """The file."""

    header: dict[str, Any]
    """What it tells of itself (:func:`checkpoint_header`)."""


def find_checkpoint(selector: str | Path, log_root: str | Path, task: str) -> FoundCheckpoint:
    """Return the checkpoint that the user means, after a look at its header alone.

    ``latest`` is the newest complete checkpoint of the newest run of the task; checkpoints are
    ``<log_root>/<experiment>/<timestamp>_<run name>/model_<iteration>.pt``, and a warning names those passed over
    because they are truncated. Any other selector is a path.

    Args:
        selector: ``latest`` or a path.
        log_root: Directory of all experiments.
        task: Task of the run.

    Raises:
        CheckpointError: If there is none, or it is damaged; names the nearest path, or the tasks that have checkpoints.
        ConfigError: If it belongs to another task, or the path is one that the file system does not take.
    """
    if str(selector) == "latest":
        return _latest(Path(log_root), task)
    try:
        path = _existing(Path(selector), Path(log_root))
    except OSError as error:
        raise ConfigError(f"--checkpoint {selector!r} cannot be read: {error.strerror}.") from error
    header = checkpoint_header(path)
    if header["task"] != task:
        raise ConfigError(f"--checkpoint {path} belongs to the task {header['task']}, not to {task}.")
    return FoundCheckpoint(path, header)


def _latest(log_root: Path, task: str) -> FoundCheckpoint:
    """Return the newest complete checkpoint of the newest run of a task."""
    tasks = set()
    for run_dir in _runs(log_root):
        for path in _checkpoints(run_dir):
            try:
                header = checkpoint_header(path)
            except CheckpointError as error:
                logger.warning(f"Passed over a checkpoint. {error}")
                continue
            if header["task"] == task:
                return FoundCheckpoint(path, header)
            tasks.add(header["task"])
            break
    known = f"There are some of: {', '.join(sorted(tasks))}." if tasks else "There are none of any task either."
    raise CheckpointError(
        f"There is no checkpoint of the task {task!r} below {log_root}. {known} Train it or pass a path."
    )


def _existing(path: Path, log_root: Path) -> Path:
    """Return the path if it is a file, else name the nearest one that is."""
    if path.is_file():
        return path
    if path.is_dir():
        newest = next(iter(_checkpoints(path)), None)
        hint = f"Its newest checkpoint is {newest}." if newest else "It holds no model_<iteration>.pt."
        raise CheckpointError(f"The checkpoint {path} is a directory. Expected a file. {hint}")
    # Neighbours in the same directory come first; a mistyped directory is looked for below the root.
    candidates = _checkpoints(path.parent) or [file for run_dir in _runs(log_root) for file in _checkpoints(run_dir)]
    near = difflib.get_close_matches(str(path), [str(file) for file in candidates], n=1, cutoff=0.0)
    hint = f"The nearest one is {near[0]}." if near else f"There are no checkpoints below {log_root}."
    raise CheckpointError(f"The checkpoint {path} does not exist. {hint} `latest` selects the newest run's newest.")


def _runs(log_root: Path) -> list[Path]:
    """Return the directories that hold checkpoints, newest first."""
    run_dirs = {file.parent for file in log_root.glob("*/*/model_*.pt")}

    # The name holds the time of the start and survives copying, which file times do not.
    def started(run_dir: Path) -> tuple[str, float]:
        timestamp = re.match(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}", run_dir.name)
        return timestamp.group() if timestamp else "", run_dir.stat().st_mtime

    return sorted(run_dirs, key=started, reverse=True)


def _checkpoints(run_dir: Path) -> list[Path]:
    """Return the checkpoints in a directory, newest first."""
    numbered = [(re.fullmatch(r"model_(\d+)\.pt", file.name), file) for file in run_dir.glob("model_*.pt")]
    return [file for _, file in sorted(((int(match[1]), file) for match, file in numbered if match), reverse=True)]
