# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What Isaac Lab checks of its own environments holds for ours."""

import importlib
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import pytest

importlib.import_module("ddpl_isaac.tasks")  # registers them

OURS = sorted(name for name in gym.registry if name.startswith("DDPL-"))
SETTINGS = {"DDPL-Shadow-Hands-Catch": ["env.agents_per_hand=6"]}
"""Where the default is checked elsewhere."""

SHADOW = "DDPL-Shadow-Hands"
NEWTON = ["DDPL-Arms-Tray", f"{SHADOW}-Lift", f"{SHADOW}-CatchUnderarm", f"{SHADOW}-CatchAbreast"]
"""Tasks with a scene of their own that no other test starts on Newton, which compiles for minutes at first."""

RUNS = [(name, "ovphysx") for name in OURS]
RUNS += [pytest.param(name, "newton_mjwarp", marks=pytest.mark.slow) for name in NEWTON]


@pytest.mark.parametrize(("task", "engine"), RUNS)
def test_isaac_lab_s_checks_pass(task, engine, tmp_path):
    script = Path(__file__).with_name("run_isaac_lab_checks.py")
    command = [sys.executable, str(script), task, engine, *SETTINGS.get(task, [])]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=1800, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert result.stdout.splitlines()[-1] == "checks passed"
