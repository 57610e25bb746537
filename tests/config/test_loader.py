# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

import pytest

from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config, resolve_resource
from ddpl_isaac.errors import ConfigError


@pytest.fixture
def delta(tmp_path):
    def write(text):
        path = tmp_path / "delta.yaml"
        path.write_text(text)
        return path

    return write


def refusal(*overrides, task_delta=None, flags=None):
    with pytest.raises(ConfigError) as caught:
        load_config(task_delta, overrides, flags)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_changes_the_defaults_of_the_schema_come_out():
    assert load_config(None) == TrainConfig()


def test_a_later_source_wins_over_an_earlier_one(delta):
    path = delta("seed: 2\nnum_envs: 2\nalgorithm:\n  gamma: 0.5\n  actor:\n    hidden_dims: [8, 8]\n")
    cfg = load_config(path, ["agent.seed=4"], {"seed": 3, "num_envs": 3, "max_iterations": None})
    assert (cfg.seed, cfg.num_envs, cfg.max_iterations, cfg.algorithm.gamma) == (4, 3, 1000, 0.5)
    assert cfg.algorithm.actor.hidden_dims == [8, 8]


def test_numbers_in_scientific_notation_and_lists_are_read_from_the_command_line():
    cfg = load_config(None, ["agent.algorithm.actor.learning_rate=1e-3", "agent.algorithm.critic.hidden_dims=[64,32]"])
    assert cfg.algorithm.actor.learning_rate == 1e-3
    assert cfg.algorithm.critic.hidden_dims == [64, 32]


def test_a_misspelt_field_names_itself_its_place_and_the_nearest_one(delta):
    assert refusal("agent.algorithm.gama=0.9") == (
        "Unknown field 'algorithm.gama' (given in agent.algorithm.gama=0.9); did you mean 'algorithm.gamma'?"
    )
    path = delta("algorithm:\n  ism:\n    kl_budget: 1.0\n")
    message = refusal(task_delta=path)
    assert "'algorithm.ism.kl_budget'" in message
    assert str(path) in message
    assert "did you mean 'algorithm.issm.kl_budget'?" in message


def test_a_field_given_without_its_section_is_found():
    assert "did you mean 'algorithm.critic.tau'?" in refusal("agent.tau=0.1")


def test_a_section_given_a_value_lists_its_fields():
    assert "set one of its fields: capacity, batch_size" in refusal("agent.algorithm.replay=3")


@pytest.mark.parametrize(
    ("override", "valid"),
    [
        ("num_envs=2.5", "a whole number"),
        ("num_envs=null", "a whole number"),
        ("algorithm.n_step=true", "a whole number"),
        ("algorithm.normalize_obs=maybe", "true or false"),
        ("algorithm.actor.learning_rate=fast", "a number"),
        ("algorithm.actor.hidden_dims=64", "a list of whole numbers"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_right_type(override, valid):
    message = refusal(f"agent.{override}")
    assert override.split("=")[0] in message
    assert f"must be {valid}" in message


@pytest.mark.parametrize(
    ("override", "valid"),
    [
        ("algorithm.gamma=1.0", "in [0, 1)"),
        ("algorithm.actor.learning_rate=nan", "> 0"),
        ("algorithm.actor.learning_rate=inf", "> 0"),
        ("algorithm.actor.time_features=3", "even, >= 2"),
        ("algorithm.critic.tau=0", "in (0, 1]"),
        ("algorithm.actor.hidden_dims=[]", "a list of at least one number, each >= 1"),
        ("algorithm.actor.hidden_dims=[64,0]", "a list of at least one number, each >= 1"),
        ("algorithm.actor.observation_dims=[64,0]", "a list of numbers, each >= 1"),
        ("algorithm.issm.proposal=mix", "'policy' or 'mixture' or 'transported'"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(override, valid):
    assert f"must be {valid}" in refusal(f"agent.{override}")


def test_fields_that_contradict_each_other_are_refused():
    assert "< 1.39, the logarithm" in refusal("agent.algorithm.issm.num_candidates=4")
    message = refusal("agent.algorithm.replay.capacity=319")
    assert "given in agent.algorithm.replay.capacity=319" in message
    assert ">= 320" in message
    assert load_config(None, ["agent.algorithm.replay.capacity=320"]).algorithm.replay.capacity == 320


def test_a_flag_is_named_as_a_flag():
    assert refusal(flags={"num_envs": 0}) == "'num_envs' (given in --num_envs) is 0; it must be >= 1."


def test_files_that_are_missing_or_malformed_are_named(delta, tmp_path):
    assert str(tmp_path / "absent.yaml") in refusal(task_delta=tmp_path / "absent.yaml")
    assert "is not valid YAML" in refusal(task_delta=delta("seed: [1"))
    assert "must hold 'key: value' lines" in refusal(task_delta=delta("- 1\n- 2\n"))
    assert "not of the form" in refusal("seed=1")
    assert "cannot be read" in refusal("agent.run_name=[1")


def test_resources_resolve_to_files_and_unknown_ones_are_named():
    assert resolve_resource("ddpl_isaac.configs:task/coordination_corners.yaml").is_file()
    with pytest.raises(ConfigError, match="names no file"):
        resolve_resource("ddpl_isaac.configs:task/absent.yaml")
    with pytest.raises(ConfigError, match="unknown package 'no_such_package'"):
        resolve_resource("no_such_package:a.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "cart_pendulum",
        "coordination_corners",
        "coordination_needle",
        "mpe_spread",
    ],
)
def test_the_file_of_every_task_is_valid_and_names_its_experiment(name):
    assert load_config(resolve_resource(f"ddpl_isaac.configs:task/{name}.yaml")).experiment_name == name


@pytest.mark.parametrize("name", ["mpe_language", "mamujoco", "hands", "arms_tray"])
def test_a_file_that_many_tasks_may_share_is_valid_and_leaves_the_experiment_to_the_task(name):
    assert load_config(resolve_resource(f"ddpl_isaac.configs:task/{name}.yaml")).experiment_name == "default"


def test_settings_of_earlier_runs_name_the_learner_by_what_it_is_called_now(delta):
    path = delta("algorithm:\n  class_name: ddpl_isaac.algorithms.overlapped_ddpl:OverlappedDDPL\n")
    assert load_config(path).algorithm.class_name == "ddpl_isaac.algorithms.ddpl:DDPL"
