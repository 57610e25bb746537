# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The scripts through Isaac Lab's own launcher, and as one command."""

import subprocess
import sys
from pathlib import Path

import pytest

import ddpl_isaac.__main__ as command

ROOT = Path(__file__).parents[2]


def test_isaac_labs_launcher_runs_a_training(tmp_path):
    launcher = Path(sys.executable).with_name("isaaclab")
    arguments = ["--task", "Coordination-Corners-v0", "--num_envs", "8", "--max_iterations", "1", "--device", "cpu"]
    settings = ["agent.algorithm.replay.capacity=4096", "agent.algorithm.compile=eager"]
    result = subprocess.run(
        [launcher, "-p", ROOT / "scripts" / "train.py", *arguments, *settings],
        capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.glob("logs/ddpl/*/*/model_0.pt"))


def test_the_command_runs_the_script_that_is_named_with_its_arguments(monkeypatch):
    ran = []
    monkeypatch.setattr(command.runpy, "run_module", lambda name, run_name: ran.append((name, run_name, sys.argv[1:])))
    monkeypatch.setattr(sys, "argv", ["ddpl_isaac", "zero_agent", "--task", "T"])
    command.main()
    assert ran == [("ddpl_isaac.scripts.zero_agent", "__main__", ["--task", "T"])]


def test_the_command_lists_every_script(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ddpl_isaac"])
    command.main()
    scripts = sorted(path.stem for path in (ROOT / "scripts").glob("[!_]*.py"))
    assert "{" + ",".join(scripts) + "}" in capsys.readouterr().out


def test_an_unknown_script_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ddpl_isaac", "trian"])
    with pytest.raises(SystemExit, match=r"^error: There is no command 'trian'; there are .*train"):
        command.main()
