# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

# ruff: noqa: PT017

"""Whatever runs, experiments, agents and outputs are called: all is written below the folder that it belongs to."""

import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddpl_isaac import run_directory
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.names import MAX_BYTES, path_component
from ddpl_isaac.output_paths import check_output

CHARACTERS = st.one_of(st.characters(exclude_categories=()), st.sampled_from("./\\~%\0\n |a手"))
NASTY = ["", ".", "..", "../x", "/x", "a/../../x", "a/b", "~", "%2F", "手", "é", "e\u0301", "\ud800", "-", "logs", "*"]
NAMES = st.one_of(st.text(CHARACTERS, max_size=8), st.sampled_from([*NASTY, "x" * 300, "手" * 100, "/" * 300]))
MANY = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@contextmanager
def inside(folder):
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def everything_below(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


@MANY
@given(name=NAMES)
def test_a_name_of_a_task_is_one_file_that_tells_it(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp() / "components"
    folder.mkdir(exist_ok=True)
    component = path_component(name)
    path = folder / f"{component}.safetensors"
    path.write_text("x")
    assert path.resolve().parent == folder.resolve()
    assert [entry.name for entry in folder.iterdir()] == [f"{component}.safetensors"]
    path.unlink()
    assert not component.startswith(".")
    assert len(component.encode()) <= MAX_BYTES
    if "~" not in component:
        assert unquote(component, errors="surrogatepass") == name


@MANY
@given(names=st.lists(NAMES, min_size=2, max_size=6, unique=True))
@example(names=["x" * 300, path_component("x" * 300)])
@example(names=["", path_component("")])
@example(names=["a/b", path_component("a/b")])
def test_unlike_names_stay_unlike(names):
    assert len({path_component(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["pusher", "left hand", "arm_2-b.c", "手", "Größe"])
def test_a_name_that_can_be_a_file_stays_as_it_is(name):
    assert path_component(name) == name


@MANY
@given(experiment=NAMES, run=NAMES)
@example(experiment="a", run="")
def test_a_run_lies_two_folders_below_the_logs_or_its_name_is_refused(tmp_path_factory, experiment, run):
    root = tmp_path_factory.mktemp("runs")
    given_names = {"experiment_name": experiment, "run_name": run}
    with inside(root / "work"):
        try:
            cfg = load_config(None, flags=given_names)
        except ConfigError as error:
            assert "\n" not in str(error)
            assert any(f"'{field}' (given in --{field})" in str(error) for field in given_names)
            assert everything_below(root) == {Path("work")}
            return
        path = run_directory.create(cfg)
        run_directory.write_settings(path, cfg)
    assert path.parent == root / "work" / "logs" / "ddpl" / experiment
    assert path.name.endswith(run)
    assert all(entry.parts[0] == "work" for entry in everything_below(root))
    assert load_config(run_directory.settings_of(path / "model_0.pt")).run_name == run


@pytest.mark.parametrize("name", ["first", "手", "left hand", "größe 2", "a.b"])
def test_names_of_other_scripts_are_no_mistake(name):
    assert load_config(None, flags={"run_name": name, "experiment_name": name}).run_name == name


@MANY
@given(parts=st.lists(NAMES, min_size=1, max_size=3), directory=st.booleans())
@example(parts=["file", "below"], directory=False)
@example(parts=["folder"], directory=False)
@example(parts=["folder", "new", "deep"], directory=True)
@example(parts=["folder", "..", "beside"], directory=False)
def test_what_is_written_to_an_output_path_lies_there_or_the_path_is_refused(tmp_path_factory, parts, directory):
    root = tmp_path_factory.mktemp("outputs")
    (root / "folder").mkdir()
    (root / "file").write_text("mine")
    path = Path(str(root) + "/" + "/".join(parts))
    before = everything_below(root)
    try:
        check_output("--output", path, directory=directory)
    except ConfigError as error:
        assert str(error).startswith("--output is ")
        assert "\n" not in str(error)
        assert everything_below(root) == before
        return
    assert everything_below(root) == before
    place = Path(os.path.abspath(path))
    if directory:
        place.mkdir(parents=True, exist_ok=True)
    elif place.is_relative_to(root):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("ours")
    assert (root / "file").read_text() == ("ours" if place == root / "file" else "mine")
