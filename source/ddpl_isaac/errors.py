# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is for the user to mend, as opposed to a mistake of the code."""

from __future__ import annotations


class UserError(ValueError):
    """Something that the user can mend. The message is one line: what was given, what is valid and what to do.

    The scripts print it in place of a traceback and end with status 2. Every other exception is a mistake of some code
    and keeps its traceback, a plain ``ValueError`` too.
    """


class OutOfMemoryError(UserError, MemoryError):
    """The device cannot hold what the settings ask for."""


class AssetError(UserError, FileNotFoundError):
    """A file that a task needs is out of reach."""
