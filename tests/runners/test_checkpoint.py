# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Checkpoints come back as they were, and every bad one is refused with a message that helps."""

from __future__ import annotations

import os
import random
import resource
import torch
import zipfile
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tensordict import TensorDict

import pytest

from ddpl_isaac.runners.checkpoint import (
    CheckpointError,
    find_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from ddpl_isaac.storage import checkpoint_file
from ddpl_isaac.storage.replay_file import load_replay, save_replay

TASK = "Fake-v0"


def _state(value: float = 1.0) -> dict:
    return {"actor": OrderedDict(weight=torch.full((64, 64), value)), "iter": 7, "note": "ok", "rng": (1, [2.5, None])}


def _truncate(path: Path, keep: float = 0.6) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


@contextmanager
def _disk_that_refuses_files_over(num_bytes: int) -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class TestSavingAndLoading:
    """What is saved is what comes back."""

    def test_networks_optimizers_random_states_and_counters_come_back_equal(self, tmp_path: Path):
        net = torch.nn.Linear(3, 2)
        optimizer = torch.optim.Adam(net.parameters())
        net(torch.ones(3)).sum().backward()
        optimizer.step()
        state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "python": random.getstate()}
        state |= {"torch": torch.get_rng_state(), "steps": 12}
        save_checkpoint(tmp_path / "new" / "model_0.pt", state, task=TASK)
        loaded = load_checkpoint(tmp_path / "new" / "model_0.pt", task=TASK)

        other = torch.nn.Linear(3, 2)
        other.load_state_dict(loaded["net"])
        assert torch.equal(other.weight, net.weight)
        other_optimizer = torch.optim.Adam(other.parameters())
        other_optimizer.load_state_dict(loaded["optimizer"])
        assert torch.equal(other_optimizer.state[other.weight]["exp_avg"], optimizer.state[net.weight]["exp_avg"])
        random.setstate(loaded["python"])
        torch.set_rng_state(loaded["torch"])
        assert loaded["steps"] == 12

    def test_a_tensordict_comes_back_as_a_dict_of_tensors(self, tmp_path: Path):
        replay = TensorDict({"cart": torch.ones(4, 2), "next": {"cart": torch.zeros(4, 2)}}, batch_size=[4])
        save_checkpoint(tmp_path / "a.pt", {"replay": replay}, task=TASK)
        loaded = load_checkpoint(tmp_path / "a.pt")["replay"]
        assert torch.equal(TensorDict(loaded, batch_size=[4])["next", "cart"], torch.zeros(4, 2))

    def test_a_view_does_not_drag_its_storage_into_the_file(self, tmp_path: Path):
        save_checkpoint(tmp_path / "a.pt", {"part": torch.zeros(1_000_000)[:10]}, task=TASK)
        assert (tmp_path / "a.pt").stat().st_size < 10_000

    def test_tensors_made_in_inference_mode_and_numpy_floats_can_be_saved(self, tmp_path: Path):
        with torch.inference_mode():
            made = torch.arange(3)
        save_checkpoint(tmp_path / "a.pt", {"made": made, "mean": made.double().numpy().mean()}, task=TASK)
        loaded = load_checkpoint(tmp_path / "a.pt")
        assert loaded["made"].tolist() == [0, 1, 2]
        assert type(loaded["mean"]) is float

    def test_what_cannot_be_loaded_safely_is_named_when_saving(self, tmp_path: Path):
        with pytest.raises(CheckpointError, match=r"\['alg'\]\['cfg'\]\[1\] is a pathlib\.\w+"):
            save_checkpoint(tmp_path / "a.pt", {"alg": {"cfg": [1, Path("x")]}}, task=TASK)
        assert list(tmp_path.iterdir()) == []


class TestRefusals:
    """A bad file is refused, and says so."""

    def test_a_missing_file(self, tmp_path: Path):
        with pytest.raises(CheckpointError, match=r"model_3\.pt does not exist"):
            load_checkpoint(tmp_path / "model_3.pt")

    @pytest.mark.parametrize("keep", [0.0, 0.01, 0.6, 0.999])
    def test_a_truncated_file(self, tmp_path: Path, keep: float):
        save_checkpoint(tmp_path / "a.pt", _state(), task=TASK)
        _truncate(tmp_path / "a.pt", keep)
        with pytest.raises(CheckpointError, match="truncated"):
            load_checkpoint(tmp_path / "a.pt")

    def test_a_flipped_bit(self, tmp_path: Path):
        save_checkpoint(tmp_path / "a.pt", _state(), task=TASK)
        contents = bytearray((tmp_path / "a.pt").read_bytes())
        contents[len(contents) // 2] ^= 1
        (tmp_path / "a.pt").write_bytes(contents)
        with pytest.raises(CheckpointError, match="damaged"):
            load_checkpoint(tmp_path / "a.pt")

    @pytest.mark.parametrize("contents", [b"hello world", b"\x80\x02}q\x00."])
    def test_a_file_that_is_no_archive(self, tmp_path: Path, contents: bytes):
        (tmp_path / "a.pt").write_bytes(contents)
        with pytest.raises(CheckpointError, match="not a checkpoint"):
            load_checkpoint(tmp_path / "a.pt")

    def test_an_archive_without_a_checkpoint(self, tmp_path: Path):
        with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
            archive.writestr("readme.txt", "hello")
        with pytest.raises(CheckpointError, match="cannot be read"):
            load_checkpoint(tmp_path / "a.pt")

    @pytest.mark.parametrize("payload", [{"actor_state_dict": {}, "iter": 3}, [torch.zeros(1)], {"header": "ddpl"}])
    def test_a_checkpoint_of_another_program(self, tmp_path: Path, payload: object):
        torch.save(payload, tmp_path / "a.pt")
        with pytest.raises(CheckpointError, match="another program"):
            load_checkpoint(tmp_path / "a.pt")

    def test_a_malicious_pickle_is_refused_before_it_runs(self, tmp_path: Path):
        class Attack:
            def __reduce__(self):
                return os.mkdir, (str(tmp_path / "owned"),)

        torch.save({"header": {"format": "ddpl_isaac"}, "state": Attack()}, tmp_path / "a.pt")
        with pytest.raises(CheckpointError, match="refused before anything in it ran"):
            load_checkpoint(tmp_path / "a.pt")
        assert not (tmp_path / "owned").exists()
        torch.load(tmp_path / "a.pt", weights_only=False)
        assert (tmp_path / "owned").exists(), "the attack must be a real one"

    def test_a_checkpoint_of_another_task(self, tmp_path: Path):
        save_checkpoint(tmp_path / "a.pt", _state(), task="Other-v0")
        with pytest.raises(CheckpointError, match=r"belongs to the task 'Other-v0'\. Expected one of 'Fake-v0'"):
            load_checkpoint(tmp_path / "a.pt", task=TASK)

    def test_a_checkpoint_of_another_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint_file, "FORMAT_VERSION", 99)
            patch.setattr(checkpoint_file, "__version__", "9.0.0")
            save_checkpoint(tmp_path / "a.pt", _state(), task=TASK)
        reads = f"reads version {checkpoint_file.FORMAT_VERSION}"
        with pytest.raises(CheckpointError, match=rf"version 99 \(written by ddpl_isaac 9\.0\.0\).*{reads}"):
            load_checkpoint(tmp_path / "a.pt", task=TASK)

    def test_a_replay_in_place_of_a_checkpoint(self, tmp_path: Path):
        save_replay(tmp_path, _state(), task=TASK, iteration=1)
        with pytest.raises(CheckpointError, match="is a replay"):
            load_checkpoint(tmp_path / "replay.pt", task=TASK)


class TestNothingIsLost:
    """A failed write leaves what was there."""

    def test_a_full_disk_keeps_the_earlier_checkpoint_and_leaves_no_rubbish(self, tmp_path: Path):
        save_checkpoint(tmp_path / "a.pt", _state(1.0), task=TASK)
        with (
            _disk_that_refuses_files_over(4096),
            pytest.raises(CheckpointError, match=r"(?s)a\.pt could not be written.*File too large.*Free"),
        ):
            save_checkpoint(tmp_path / "a.pt", _state(2.0), task=TASK)
        assert load_checkpoint(tmp_path / "a.pt")["actor"]["weight"][0, 0].item() == 1
        assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]

    def test_a_killed_write_is_invisible_and_is_overwritten_by_the_next(self, tmp_path: Path):
        run_dir = tmp_path / "fake" / "2026-01-01_00-00-00"
        save_checkpoint(run_dir / "model_1.pt", _state(), task=TASK)
        (run_dir / ".model_2.pt.tmp").write_bytes(b"PK half")
        assert find_checkpoint("latest", tmp_path, TASK).path.name == "model_1.pt"
        save_checkpoint(run_dir / "model_2.pt", _state(), task=TASK)
        assert sorted(file.name for file in run_dir.iterdir()) == ["model_1.pt", "model_2.pt"]

    def test_a_directory_that_cannot_be_made(self, tmp_path: Path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CheckpointError, match="could not be written"):
            save_checkpoint(tmp_path / "file" / "a.pt", _state(), task=TASK)


class TestReplay:
    """The replay lies beside the checkpoint and never stands in its way."""

    def test_the_replay_of_the_iteration_comes_back(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        save_replay(tmp_path, _state(3.0), task=TASK, iteration=5)
        save_replay(tmp_path, _state(4.0), task=TASK, iteration=6)
        assert load_replay(tmp_path, task=TASK, iteration=6)["actor"]["weight"][0, 0].item() == 4
        assert caplog.text == ""

    def test_a_missing_replay_is_said(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        assert load_replay(tmp_path, task=TASK, iteration=5) is None
        assert "replay.pt does not exist" in caplog.text
        assert "empty replay" in caplog.text

    def test_the_replay_of_another_iteration_is_said(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        save_replay(tmp_path, _state(), task=TASK, iteration=6)
        assert load_replay(tmp_path, task=TASK, iteration=5) is None
        assert "iteration 6, the checkpoint to iteration 5" in caplog.text
        assert "load model_6.pt" in caplog.text

    def test_a_truncated_replay_is_said(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        save_replay(tmp_path, _state(), task=TASK, iteration=5)
        _truncate(tmp_path / "replay.pt")
        assert load_replay(tmp_path, task=TASK, iteration=5) is None
        assert "truncated" in caplog.text


class TestFinding:
    """``latest`` and paths."""

    @pytest.fixture
    def logs(self, tmp_path: Path) -> Path:
        for run, task, iterations in (
            ("fake/2026-01-02_10-00-00_b", TASK, (9, 50, 100)),
            ("fake/2026-01-01_10-00-00_z", TASK, (500,)),
            ("other/2026-01-03_10-00-00", "Other-v0", (7,)),
        ):
            for iteration in iterations:
                save_checkpoint(tmp_path / run / f"model_{iteration}.pt", {"iter": iteration}, task=task)
        save_replay(tmp_path / "fake/2026-01-02_10-00-00_b", {}, task=TASK, iteration=100)
        return tmp_path

    def test_latest_is_the_newest_iteration_of_the_newest_run_of_the_task(self, logs: Path):
        # an old run that was copied last must not win
        os.utime(logs / "fake/2026-01-01_10-00-00_z")
        path = find_checkpoint("latest", logs, TASK).path
        assert path == logs / "fake/2026-01-02_10-00-00_b/model_100.pt"
        assert find_checkpoint("latest", logs, "Other-v0").path.name == "model_7.pt"

    def test_a_truncated_newest_one_is_said_and_the_next_older_taken(
        self, logs: Path, caplog: pytest.LogCaptureFixture
    ):
        newest = logs / "fake/2026-01-02_10-00-00_b/model_100.pt"
        _truncate(newest)
        assert find_checkpoint("latest", logs, TASK).path.name == "model_50.pt"
        assert str(newest) in caplog.text
        assert "truncated" in caplog.text

    def test_a_path_to_a_truncated_one_is_not_replaced_by_another(self, logs: Path):
        newest = logs / "fake/2026-01-02_10-00-00_b/model_100.pt"
        _truncate(newest)
        with pytest.raises(CheckpointError, match="truncated"):
            load_checkpoint(find_checkpoint(newest, logs, TASK).path, task=TASK)

    def test_without_a_checkpoint_of_the_task_the_message_names_tasks_that_have_some(self, logs: Path):
        with pytest.raises(CheckpointError, match=r"'Missing-v0'.*There are some of: Fake-v0, Other-v0\."):
            find_checkpoint("latest", logs, "Missing-v0")
        with pytest.raises(CheckpointError, match="There are none of any task"):
            find_checkpoint("latest", logs / "nowhere", TASK)

    @pytest.mark.parametrize(
        "typo", ["fake/2026-01-02_10-00-00_b/model_101.pt", "fake/2026-01-02_10-00-00/model_100.pt"]
    )
    def test_a_mistyped_path_names_the_nearest(self, logs: Path, typo: str):
        with pytest.raises(CheckpointError, match=r"does not exist\. The nearest one is \S+_b/model_100\.pt\."):
            find_checkpoint(logs / typo, logs, TASK)

    def test_a_directory_names_its_newest_checkpoint(self, logs: Path):
        with pytest.raises(CheckpointError, match=r"is a directory.*_b/model_100\.pt"):
            find_checkpoint(logs / "fake/2026-01-02_10-00-00_b", logs, TASK)
