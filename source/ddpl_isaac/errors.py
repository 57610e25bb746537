# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is for the user to mend, as opposed to a mistake of the code."""

from __future__ import annotations

import difflib
import errno
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from typing import NoReturn

DISK_REFUSES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""Errors of a disk that is full, or that takes nothing."""


class UserError(ValueError):
    """Something that the user can mend. The message is one line: what was given, what is valid and what to do.

    The scripts print it in place of a traceback and end with status 2. Every other exception is a mistake of some code
    and keeps its traceback, a plain ``ValueError`` too.
    """


class ConfigError(UserError):
    """A setting that cannot be used. The message names it, where it was given, and what is valid."""


class OutOfMemoryError(UserError, MemoryError):
    """The device cannot hold what the settings ask for."""


class AssetError(UserError, FileNotFoundError):
    """A file that a task needs is out of reach."""


def nearest(name: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return up to ``count`` known names that resemble ``name``, best first."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    return [by_lower[match] for match in difflib.get_close_matches(name.lower(), by_lower, count, cutoff=0.5)]


@contextmanager
def end_on_user_error() -> Generator[None]:
    """End the process with one line for what the user can mend, a full disk too; other errors keep their traceback.

    Inside the context of a simulator this must be the inner one: Isaac Lab prints the traceback of every error that
    leaves it, but lets the end of the process pass.
    """
    try:
        yield
    except UserError as error:
        _end(str(error))
    except OSError as error:
        if error.errno not in DISK_REFUSES:
            raise
        file = f"{error.filename} " if error.filename else "A file of the run "
        _end(
            f"{file}could not be written: {error.strerror}. What was saved before is untouched. Free space or choose"
            " another directory, then resume."
        )


def _end(message: str) -> NoReturn:
    """End the process with one line."""
    with suppress(OSError):
        sys.stdout.flush()
    sys.stderr.write(f"error: {message}\n")
    raise SystemExit(2) from None
