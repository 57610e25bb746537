# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The format of checkpoint files: plain tensors and values under a header, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import torch
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddpl_isaac import __version__
from ddpl_isaac.errors import UserError

FORMAT = "ddpl_isaac"
"""Mark of our files, in their header."""

FORMAT_VERSION = 4
"""Version of the layout of our files; raised when an older reader would misread a new file."""


class CheckpointError(UserError):
    """A checkpoint cannot be written or used. The message says what was found, what is expected and what to do."""


def _plain(value: Any, where: str) -> Any:
    """Return the value in types that load without executing anything, or name the entry that has none."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        # A view would drag its whole storage into the file.
        return value.clone() if value.untyped_storage().nbytes() > value.numel() * value.element_size() else value
    if value is None or isinstance(value, (bool, bytes)):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)  # drops subclasses, among them numpy.float64
    if isinstance(value, Mapping):
        return {_plain_key(key, where): _plain(item, f"{where}[{key!r}]") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    raise CheckpointError(
        f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which a checkpoint cannot hold. Expected"
        " tensors, numbers, strings, bytes, bools, None, and mappings, lists and tuples of these. Convert it first."
    )


def _plain_key(key: Any, where: str) -> str | int:
    """Return the key of a mapping if it is a plain string or number."""
    if type(key) not in (str, int):
        raise CheckpointError(f"{where} has the key {key!r} ({type(key).__name__}). Expected strings or integers.")
    return key


def write_file(
    path: Path,
    state: Mapping[str, Any],
    *,
    kind: str,
    task: str,
    iteration: int | None = None,
    origin: Mapping[str, Any] | None = None,
) -> None:
    """Write a file beside the target, sync it, and put it in the target's place.

    Args:
        path: File to write; its directory is created.
        state: Nested mappings, lists and tuples of tensors, numbers, strings, bytes, bools and None.
        kind: ``checkpoint`` or ``replay``.
        task: Task that the file belongs to.
        iteration: Iteration that the file belongs to.
        origin: What else the header tells of where the file comes from, in plain containers.

    Raises:
        CheckpointError: If the state holds anything else, or the disk refuses the file.
    """
    header = {"format": FORMAT, "format_version": FORMAT_VERSION, "package_version": __version__}
    header |= {"kind": kind, "task": task, "iteration": iteration}
    header |= _plain(origin or {}, "header")
    payload = {"header": header, "state": _plain(state, kind)}
    # The name is fixed, so that what a killed process left behind is overwritten instead of piling up.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            torch.save(payload, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_directory(path.parent)
    # torch reports a failed write as a RuntimeError, chained to the error of the disk or not.
    except (OSError, RuntimeError) as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise CheckpointError(_refused_write(path, error)) from error


def _refused_write(path: Path, error: Exception) -> str:
    """Return the message for a checkpoint that could not be written."""
    reason = error if isinstance(error, OSError) else (error.__cause__ or error.__context__ or error)
    text = f"Checkpoint {path} could not be written: {str(reason).splitlines()[0]}."
    existing = next((parent for parent in path.parents if parent.is_dir()), None)
    if existing is not None:
        text += f" Free on that disk: {shutil.disk_usage(existing).free / 2**20:.0f} MiB."
    return text + " Checkpoints saved before are untouched. Free space or choose another directory, then resume."


def _sync_directory(directory: Path) -> None:
    """Make the new directory entry survive a power cut, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_file(
    path: Path, *, kind: str, task: str | None, device: str | torch.device, tensors: bool = True
) -> dict[str, Any]:
    """Return ``{"header": ..., "state": ...}`` of one of our files after all checks.

    Args:
        path: File to read.
        kind: ``checkpoint`` or ``replay``.
        task: Task that the file must belong to; any if None.
        device: Device of the tensors.
        tensors: Read and check their contents; otherwise they stay on the disk.

    Raises:
        CheckpointError: If the file is missing, truncated, damaged, not ours, of another kind, version or task.
    """
    _check_archive(path, contents=tensors)
    try:
        payload = torch.load(path, weights_only=True, map_location="cpu" if not tensors else device, mmap=not tensors)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} was refused before anything in it ran: it holds more than tensors and plain values. Expected a"
            f" {kind} of {FORMAT}; do not load files from sources that you do not trust."
        ) from error
    except (RuntimeError, OSError, EOFError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{path} cannot be read: {reason}. Expected a {kind} of {FORMAT}.") from error
    _check_header(path, payload, kind, task)
    return payload


def _check_archive(path: Path, contents: bool) -> None:
    """Raise if the file is missing, truncated, of another kind or, where the contents are checked, damaged."""
    if not path.is_file():
        found = "is a directory" if path.is_dir() else "does not exist"
        raise CheckpointError(f"{path} {found}. Expected a checkpoint file, such as model_100.pt in a run's directory.")
    with path.open("rb") as file:
        start = file.read(2)
    if not zipfile.is_zipfile(path):
        if start in (b"", b"PK"):
            raise CheckpointError(
                f"{path} is truncated: its end is missing after {path.stat().st_size} bytes. Use an older checkpoint"
                " of the run."
            )
        raise CheckpointError(f"{path} is not a checkpoint: it starts with {start!r}. Expected a file of {FORMAT}.")
    if contents:
        # torch does not compare the checksums that it writes.
        with zipfile.ZipFile(path) as archive:
            damaged = _first_damaged(archive)
        if damaged is not None:
            raise CheckpointError(f"{path} is damaged: wrong checksum of {damaged}. Use an older one of the run.")


def _first_damaged(archive: zipfile.ZipFile) -> str | None:
    """Return the name of the first entry whose contents do not match, or None."""
    try:
        return archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        return str(error)


def _check_header(path: Path, payload: Any, kind: str, task: str | None) -> None:
    """Raise if a readable file is not what it is used for."""
    header = payload.get("header") if isinstance(payload, dict) else None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        keys = sorted(map(str, payload))[:4] if isinstance(payload, dict) else type(payload).__name__
        raise CheckpointError(
            f"{path} is a file of another program: it holds {keys}. Expected a {kind} that {FORMAT} wrote."
        )
    if header.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path} has format version {header.get('format_version')} (written by {FORMAT}"
            f" {header.get('package_version')}); this is {FORMAT} {__version__}, which reads version {FORMAT_VERSION}."
            f" Use {FORMAT} {header.get('package_version')} or train anew."
        )
    if header.get("kind") != kind:
        raise CheckpointError(f"{path} is a {header.get('kind')}. Expected a {kind}, such as model_100.pt beside it.")
    if task is not None and header.get("task") != task:
        raise CheckpointError(
            f"{path} belongs to the task {header.get('task')!r}. Expected one of {task!r}: choose another checkpoint or"
            f" pass --task {header.get('task')}."
        )
