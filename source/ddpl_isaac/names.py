# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Names that become files, folders and tags: a user's are refused if they cannot, those of a task are escaped."""

from __future__ import annotations

import hashlib
import re

MAX_BYTES = 200
"""Longest name; file systems take 255 bytes, of which the time of a run or the suffix of a file need some."""

VALID_NAME = f"a name of at most {MAX_BYTES} bytes of printable characters, without '/' and neither '.' nor '..'"
"""What :func:`is_valid_name` asks for."""


def is_valid_name(name: str) -> bool:
    """Tell whether a name that a user chose can be a folder as it is. The empty one can."""
    return name.isprintable() and "/" not in name and name not in (".", "..") and len(name.encode()) <= MAX_BYTES


def path_component(name: str) -> str:
    """Return a name of a task, such as an agent's, in a form that can be a file, a folder or a level of a tag.

    Letters and digits of all scripts, spaces, ``-``, ``.`` and ``_`` stay, but a dot not in front. Every other
    character becomes the bytes of its UTF-8, as in ``%2F``: :func:`urllib.parse.unquote` reverses that. A name that
    gets longer than ``MAX_BYTES`` is cut and ends in ``~`` and a hash, and the empty name is ``~``. Unlike names stay
    unlike.
    """
    escaped = re.sub(r"^\.|[^\w .-]", _bytes, name)
    if len(escaped.encode()) > MAX_BYTES:
        digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:32]
        kept = escaped.encode()[: MAX_BYTES - 1 - len(digest)]
        return f"{kept.decode(errors='ignore')}~{digest}"
    return escaped or "~"


def experiment_of(task: str) -> str:
    """Return the folder of a task's runs where its settings name none: its id in small letters, digits and ``_``."""
    return path_component(re.sub(r"\W", "_", task.lower()))


def _bytes(character: re.Match[str]) -> str:
    """Write a character as the bytes of its UTF-8; ``~`` and ``.`` too, which URLs would keep."""
    return "".join(f"%{byte:02X}" for byte in character[0].encode(errors="surrogatepass"))
