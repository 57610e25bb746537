# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where libraries keep what they compiled."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_WARP = "WARP_CACHE_PATH"


def keep_kernels_where_writable() -> None:
    """Have Warp keep its kernels in the temporary directory if the user's cache cannot be written to.

    Warp, which Isaac Lab imports, ends with an error where the home is read-only, as in many containers. What the user
    chose by ``WARP_CACHE_PATH`` stays.
    """
    if _WARP in os.environ or _is_writable(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()):
        return
    os.environ[_WARP] = str(Path(tempfile.gettempdir()) / f"warp_{os.getuid()}")


def _is_writable(directory: Path) -> bool:
    """Tell whether files can be written into a directory, which is created where that is possible."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(directory, os.W_OK)
