# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The report on a GPU says what it knows at once, keeps to its time and leaves no process behind."""

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu_check(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("gpu_check")


def script(gpu_check, code, seconds=60.0):
    return gpu_check.Part(["-c", code], seconds)


@pytest.mark.parametrize("kind", ["cuda", "cpu"])
def test_acting_and_updates_come_before_trainings(gpu_check, kind):
    parts = gpu_check.parts(kind, f"{kind}:0")
    names = list(parts)
    assert names.index("act") < names.index("update") < min(i for i, name in enumerate(names) if "training" in name)
    assert (names[0] == "tests") == (kind == "cuda")
    files = [argument for part in parts.values() for argument in part.command if argument.endswith(".py")]
    assert len(files) >= 3
    assert all(Path(file).is_file() for file in files)


def test_a_part_is_known_as_soon_as_it_ends(gpu_check):
    parts = {
        "first": script(gpu_check, "print('words'); print('{\"ms\": 1.5}')"),
        "broken": script(gpu_check, "raise SystemExit('no such device')"),
        "unwanted": script(gpu_check, "1 / 0"),
        "last": script(gpu_check, "print('no numbers')"),
    }
    reports = gpu_check.run_all(parts, 1.0, ["unwanted"])
    first = next(reports)
    assert (first["part"], first["outcome"], first["result"]) == ("first", "done", {"ms": 1.5})
    broken, unwanted, last = reports
    assert broken["outcome"] == "failed: 1"
    assert broken["output"] == ["no such device"]
    assert unwanted == {"part": "unwanted", "outcome": "skipped: as asked"}
    assert (last["outcome"], last["output"]) == ("done", ["no numbers"])


CHILD = "import time; time.sleep(600)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
print(child.pid, flush=True)
time.sleep({{seconds}})
"""


@pytest.mark.parametrize(("seconds", "outcome"), [(600, "stopped"), (0, "done")])
def test_what_a_part_started_ends_with_it(gpu_check, seconds, outcome):
    part = script(gpu_check, PARENT.format(seconds=seconds), seconds=5.0 if seconds else 60.0)
    report = gpu_check.run_part(part, 60.0)
    assert report["outcome"].startswith(outcome)
    status = Path(f"/proc/{report['result']}/status")
    for _ in range(100):
        if not status.exists() or "zombie" in status.read_text():
            return
        time.sleep(0.1)
    pytest.fail("the child is still there")


def test_nothing_begins_when_the_time_is_over(gpu_check):
    (report,) = gpu_check.run_all({"late": script(gpu_check, "print(1)")}, 0.0, [])
    assert report == {"part": "late", "outcome": "skipped: no time left"}


def test_a_part_measures_in_a_process_of_its_own():
    command = [sys.executable, BENCHMARKS / "gpu_check.py", "--device", "cpu", "--part", "act", "--num_envs", "4", "8"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["4"]["act"]["ms"] > 0.0
    assert report["8"]["step"]["ms"] > 0.0
