# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whoever follows docs/adding_a_task.md to the letter has a trained task."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "adding_a_task.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_page_is_followed_to_a_trained_task(tmp_path):
    assert len(TEXT.splitlines()) < 100
    for ending, language in (("py", "python"), ("yaml", "yaml")):
        (name,) = re.findall(rf"into `(\w+\.{ending})`", TEXT)
        (text,) = blocks(language)
        (tmp_path / name).write_text(text)
    (commands,) = blocks("bash")
    for line in commands.splitlines():
        launcher, run, script, *arguments = shlex.split(line)
        assert (launcher, run) == ("uv", "run")
        command = [sys.executable, str(ROOT / script), *arguments]
        result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path)
        assert result.returncode == 0, result.stdout + result.stderr
    (path,) = (tmp_path / "logs" / "ddpl" / "steering").glob("*/evaluation/*.json")
    averaged = next(row for row in json.loads(path.read_text()) if row["policy"] == "EMA")
    # without learning a ball in fifty ends at its goal
    assert averaged["metrics"]["success"]["mean"] > 0.5
