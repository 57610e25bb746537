# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A directory stays where there was a run, and only there."""

from pathlib import Path

import pytest

from ddpl_isaac import run_directory
from ddpl_isaac.config import TrainConfig


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "logs" / "ddpl" / "first"


def begin(*files, ending=None):
    """Make a directory as a training does, with some files of a run in it, and end."""
    with run_directory.opened(TrainConfig(experiment_name="first"), "Fake-v0", None, ()) as path:
        for name in ("events.out.tfevents.1", *files):
            (path / name).write_text("x")
        if ending is not None:
            raise ending
    return path


@pytest.mark.parametrize("ending", [SystemExit(2), KeyboardInterrupt(), RuntimeError("a bug"), None])
def test_a_run_without_an_iteration_leaves_nothing(experiment, ending):
    with pytest.raises(type(ending)) if ending else pytest.MonkeyPatch.context():
        begin(ending=ending)
    assert not experiment.exists()


@pytest.mark.parametrize("file", ["model_0.pt", "nonfinite_0.pt"])
def test_a_checkpoint_or_a_snapshot_keeps_everything(experiment, file):
    with pytest.raises(SystemExit):
        begin(file, ending=SystemExit(2))
    (run,) = experiment.iterdir()
    assert {path.name for path in run.iterdir()} == {"params", "run.json", "events.out.tfevents.1", file}


def test_other_runs_of_the_experiment_stay(experiment):
    kept = begin("model_0.pt")
    begin()
    assert list(experiment.iterdir()) == [kept]


def test_runs_that_start_in_the_same_second_have_directories_of_their_own(experiment):
    paths = {run_directory.create(TrainConfig(experiment_name="first")) for _ in range(5)}
    assert len(paths) == 5
    assert {Path(path).parent for path in paths} == {experiment}
