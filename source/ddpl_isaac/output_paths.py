# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tells beforehand whether something can be written to a place, and makes nothing meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

from ddpl_isaac.errors import ConfigError

_LONGEST_PART = 255


def check_output(what: str, path: Path, *, directory: bool = False) -> None:
    """Refuse a path at which nothing can be written.

    Args:
        what: What the path is, for the message: the flag that gave it, for example.
        path: A file that may be replaced, or a directory that may exist.
        directory: Whether it is to be a directory.

    Raises:
        ConfigError: If the path is of the other kind, leads through a file or a directory that must not be written
            to, or is one that the file system does not take.
    """
    try:
        problem = _problem(Path(os.path.abspath(path)), directory=directory)
    except (OSError, ValueError) as error:
        problem = f"which cannot be written: {getattr(error, 'strerror', None) or error}"
    if problem:
        raise ConfigError(f"{what} is {str(path)!r}, {problem}.")


def _problem(path: Path, *, directory: bool) -> str | None:
    """Return what is wrong with an absolute path, if anything is.

    Raises:
        OSError: If the file system says what is wrong.
        ValueError: If the path is none.
    """
    if "\0" in str(path):
        return "which holds a null character"
    if any(len(os.fsencode(part)) > _LONGEST_PART for part in path.parts):
        return f"of which a part is longer than {_LONGEST_PART} bytes; shorten it"
    if path.exists():
        if path.is_dir() != directory:
            return "a file; it must be a directory" if directory else "a directory; it must be a file"
        return None if os.access(path, os.W_OK) else "which must not be written to; choose another place"
    nearest = next(parent for parent in path.parents if os.path.lexists(parent))
    if not nearest.is_dir():
        return f"but {str(nearest)!r} is a file and holds no other; choose another place"
    return None if os.access(nearest, os.W_OK | os.X_OK) else f"but {str(nearest)!r} must not be written to"
