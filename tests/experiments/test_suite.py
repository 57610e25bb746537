# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A grid is multiplied, resumed, checked and summed up."""

import json
from pathlib import Path

import pytest

from ddpl_isaac.config_loader import ConfigError
from ddpl_isaac.experiments import suite
from ddpl_isaac.experiments.suite import SuiteError, read_cells, run_suite

SETTINGS = [
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.actor_batch_size=2",
    "agent.algorithm.issm.num_candidates=16",
    "agent.algorithm.issm.reference_window=2",
]


def write(path, studies, settings=SETTINGS):
    path.write_text(json.dumps({"studies": studies, "settings": settings}))
    return path


def small(**changes):
    return {"game": "corners", "policy_class": "gmm", "num_agents": 1, "num_seeds": 2, "refreshes": 1} | changes


def test_lists_are_multiplied(tmp_path):
    cells = read_cells(write(tmp_path / "a.yaml", [small(policy_class=["gmm", "ideal"], num_agents=[1, 3])]))
    assert [(cell.study.policy_class, cell.study.num_agents) for cell in cells] == [
        ("gmm", 1), ("gmm", 3), ("ideal", 1), ("ideal", 3),
    ]  # fmt: skip


def test_an_interrupted_grid_runs_only_what_is_missing(tmp_path):
    path, told = write(tmp_path / "a.yaml", [small(num_agents=[1, 2])]), []
    table = run_suite(path, tmp_path / "out", told.append)
    assert len(told) == 2
    assert table.count("| corners") == 2
    (tmp_path / "out" / "corners_gmm_n2_seed1.json").unlink()
    told.clear()
    assert run_suite(path, tmp_path / "out", told.append) == table
    assert [line.split()[1] for line in told] == ["corners_gmm_n2_seed1"]


def test_variants_differ_in_their_settings_and_stand_side_by_side(tmp_path):
    rho = "agent.algorithm.issm.uniform_share="
    grid = [small(variant="with", settings=[rho + "0.1"]), small(variant="without", settings=[rho + "0.0"])]
    cells = read_cells(write(tmp_path / "a.yaml", grid))
    assert [cell.name for cell in cells] == ["corners_gmm_n1_seed1_with", "corners_gmm_n1_seed1_without"]
    assert [cell.settings[-1][-3:] for cell in cells] == ["0.1", "0.0"]
    table = run_suite(tmp_path / "a.yaml", tmp_path / "out", lambda _: None)
    assert "| with " in table
    assert "| without " in table


def test_a_cell_that_fails_is_reported_and_tried_again_and_the_others_go_on(tmp_path, monkeypatch):
    path, told, succeed = write(tmp_path / "a.yaml", [small(num_agents=[1, 2, 3])]), [], suite.run_study

    def fail_for_two(study, cfg):
        if study.num_agents == 2:
            raise RuntimeError("out of luck")
        return succeed(study, cfg)

    with monkeypatch.context() as patch:
        patch.setattr(suite, "run_study", fail_for_two)
        with pytest.raises(SuiteError, match=r"1 of 3 cells failed: corners_gmm_n2_seed1") as caught:
            run_suite(path, tmp_path / "out", told.append)
    assert str(caught.value).count("| corners") == 2
    assert "corners_gmm_n2_seed1 failed: RuntimeError: out of luck" in told
    assert "out of luck" in (tmp_path / "out" / "corners_gmm_n2_seed1.failed").read_text()
    told.clear()
    assert run_suite(path, tmp_path / "out", told.append).count("| corners") == 3
    assert [line.split()[1] for line in told] == ["corners_gmm_n2_seed1"]
    assert not list((tmp_path / "out").glob("*.failed"))


def test_results_of_other_settings_are_not_taken_for_these(tmp_path):
    run_suite(write(tmp_path / "a.yaml", [small()]), tmp_path / "out", lambda _: None)
    write(tmp_path / "a.yaml", [small(refreshes=2)])
    with pytest.raises(ConfigError, match=r"corners_gmm_n1_seed1\.json was made with other settings"):
        run_suite(tmp_path / "a.yaml", tmp_path / "out", lambda _: None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gmae": "corners"}, "Unknown field 'gmae' .* did you mean game"),
        ({"game": "corner"}, "game: corner .* is none of two_modes, corners, needle, needle_6d, effort"),
        ({"policy_class": "gauss"}, "policy_class: gauss .* is none of diffusion"),
        ({"num_agents": 0}, "num_agents: 0 .* must be a whole number >= 1"),
        ({"settings": ["agent.algorithm.gama=1"]}, "algorithm.gamma"),
    ],
)
def test_a_mistake_in_the_grid_names_itself(tmp_path, changes, expected):
    with pytest.raises(ConfigError, match=expected):
        read_cells(write(tmp_path / "a.yaml", [small(**changes)]))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"There is no suite '.*b\.yaml'"):
        read_cells(tmp_path / "b.yaml")


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("config/suite/*.yaml")), ids=lambda p: p.stem)
def test_the_grids_of_the_project_can_be_read(path):
    assert len(read_cells(path)) > 1
