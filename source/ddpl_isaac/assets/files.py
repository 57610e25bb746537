# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writes the arm and the things: ``python -m ddpl_isaac.assets.files`` writes their files in ``data/`` anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pxr import Usd

from ddpl_isaac.assets.arm import ARM_FILE
from ddpl_isaac.assets.arm_figures import ARM
from ddpl_isaac.assets.things import POT, POT_FILE, TRAY, TRAY_FILE
from ddpl_isaac.assets.usd import make_robot, make_thing, save

FILES: dict[Path, Callable[[], Usd.Stage]] = {
    ARM_FILE: lambda: make_robot(ARM),
    TRAY_FILE: lambda: make_thing(TRAY),
    POT_FILE: lambda: make_thing(POT),
}
"""What makes the stage of every file."""


if __name__ == "__main__":
    for path, make in FILES.items():
        save(make(), path)
