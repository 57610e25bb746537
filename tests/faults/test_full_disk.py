# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A disk that fills up at any write leaves the last good checkpoint and says so in one line."""

import errno
import io
import os
import subprocess
import torch
from pathlib import Path

import pytest
from training import GAME, start

from ddpl_isaac.runners.checkpoint import (
    CheckpointError,
    find_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from ddpl_isaac.storage.replay_file import load_replay, save_replay

STATE = {"weights": torch.arange(5000.0), "more": {"a": torch.ones(3), "b": 2}}


class FullDisk:
    """Lets a number of writes and syncs pass and refuses the one after them."""

    def __init__(self, monkeypatch, passes):
        self.left, self.refused = passes, False
        disk = self

        class File(io.FileIO):
            def write(self, data):
                disk.take()
                return super().write(data)

        sync = os.fsync
        monkeypatch.setattr(Path, "open", lambda path, mode="r": File(path, mode.replace("b", "")))
        monkeypatch.setattr(os, "fsync", lambda descriptor: (self.take(), sync(descriptor)))

    def take(self):
        if self.left == 0:
            self.refused = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= 1


@pytest.mark.parametrize("kind", ["model", "replay"])
def test_whichever_write_of_a_file_is_refused_the_one_before_stays(tmp_path, monkeypatch, kind):
    def save(value):
        state = STATE | {"value": value}
        if kind == "model":
            save_checkpoint(tmp_path / "model_1.pt", state, task="T")
        else:
            save_replay(tmp_path, state, task="T", iteration=value)

    save(0)
    for refused in range(1000):
        with monkeypatch.context() as patch:
            disk = FullDisk(patch, refused)
            said = ""
            try:
                save(refused + 1)
            except CheckpointError as error:
                said = str(error)
            assert disk.refused == bool(said)
            if said:
                assert "No space left on device" in said
                assert "Checkpoints saved before are untouched" in said
                assert "\n" not in said
        assert [path.name for path in tmp_path.iterdir()] == ["model_1.pt" if kind == "model" else "replay.pt"]
        if not disk.refused:
            break
        # the sync of the directory comes after the new file is in its place
        expected = (0, refused + 1) if disk.left == 0 else (0,)
        if kind == "model":
            assert load_checkpoint(tmp_path / "model_1.pt", task="T")["value"] in expected
        else:
            assert any(load_replay(tmp_path, task="T", iteration=value) is not None for value in expected)
    assert refused > 5


@pytest.fixture
def tiny_disk(tmp_path):
    """Mount a file system of some KiB."""
    place, mounted = tmp_path / "disk", []

    def mount(kib):
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a file system")
        mounted.append(place)
        return place

    yield mount
    for mount_point in mounted:
        subprocess.run(["umount", str(mount_point)], check=True)


@pytest.mark.parametrize(
    ("kib", "settings"),
    [
        (0, []),  # no directory of the run
        (4, []),  # its settings
        (8, []),
        (16, []),
        (32, []),  # what git says
        (96, []),  # the first checkpoint
        (180, []),  # the second one
        (280, []),
        (176, ["agent.save_interval=1000000"]),  # TensorBoard's scalars
    ],
)
def test_a_run_on_a_disk_that_fills_up_ends_in_one_line(tmp_path, tiny_disk, kib, settings):
    disk, output = tiny_disk(kib or 4), tmp_path / "output.txt"
    if not kib:
        (disk / "filler").write_bytes(bytes(4096))
    process = start(disk, output, "--max_iterations", "3000", "agent.save_interval=1", *settings)
    process.join(120)
    printed = output.read_text()
    assert process.exitcode == 2, printed
    assert "Traceback" not in printed
    (line,) = (line for line in printed.splitlines() if line.startswith("error: "))
    assert "could not be written" in line
    assert "No space left on device" in line
    assert not list(disk.rglob(".*tmp*"))
    if list(disk.rglob("model_*.pt")):
        newest = find_checkpoint("latest", disk / "logs" / "ddpl", GAME).path
        assert load_checkpoint(newest, task=GAME)["iteration"] == int(newest.stem.removeprefix("model_"))
