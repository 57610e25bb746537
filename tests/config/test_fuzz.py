# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

# ruff: noqa: PT017

"""Whatever a configuration says, it is either accepted as it stands or refused by the name of a field."""

import contextlib
import math
import warnings
from dataclasses import asdict
from pathlib import Path

import yaml
from fakes import FakeEnv
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.accepted import Each, OneOf
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.config.schema import accepted_fields
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner

ACCEPTED = {path: accepted for path, accepted in accepted_fields().items() if accepted is not None}
PATHS = list(accepted_fields())
NUMBERS = st.one_of(
    st.integers(),
    st.integers(-2, 70),
    st.floats(),
    st.sampled_from([0.0, 1.0, -0.0, math.inf, math.nan, 1e-300, 1e300, 2**63, -(2**70)]),
)
TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(["${x}", "1e3", "~", "???"]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(st.text(max_size=3), SCALARS, max_size=2),
    st.sampled_from([word for accepted in ACCEPTED.values() if isinstance(accepted, OneOf) for word in accepted.words]),
)
KEYS = st.one_of(st.sampled_from(PATHS), st.sampled_from(["algorithm", "algorithm.actor", "algorithm.gama", "x", ""]))
MANY = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def nested(changes):
    content = {}
    for key, value in changes.items():
        *sections, leaf = key.split(".")
        section = content
        for name in sections:
            section = section.setdefault(name, {}) if isinstance(section.get(name, {}), dict) else {}
        section[leaf] = value
    return content


def leaf_of(cfg, path):
    for name in path.split("."):
        cfg = getattr(cfg, name)
    return cfg


def assert_in_range(cfg):
    assert [path for path, accepted in ACCEPTED.items() if leaf_of(cfg, path) not in accepted] == []


@MANY
@given(changes=st.dictionaries(KEYS, VALUES, max_size=3))
@example(changes={"class_name": "${x}"})
@example(changes={"algorithm.gamma": "???"})
def test_a_file_is_accepted_or_refused_by_the_name_of_a_field(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(yaml.safe_dump(nested(changes), allow_unicode=True))
    try:
        assert_in_range(load_config(path))
    except ConfigError as error:
        leaves = {key.rpartition(".")[2] for key in changes}
        assert any(leaf in str(error) for leaf in leaves), str(error)
        assert "\n" not in str(error)


@MANY
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_a_token_is_accepted_or_refused_by_the_name_of_its_field(path, value):
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True).partition("\n")[0]
    try:
        assert_in_range(load_config(None, [f"agent.{path}={text}"]))
    except ConfigError as error:
        assert path in str(error)
        assert "\n" not in str(error)


@MANY
@given(text=st.text(max_size=60))
def test_a_file_of_anything_is_accepted_or_refused_by_its_name(tmp_path_factory, text):
    path = Path(tmp_path_factory.getbasetemp() / "fuzzed.yaml")
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(ConfigError):
        assert_in_range(load_config(path))


def small_values(path, default):
    """Return values of a field that a test can afford."""
    if isinstance(default, bool):
        return st.booleans()
    accepted = ACCEPTED[path]
    if isinstance(accepted, OneOf):
        return st.sampled_from(accepted.words)
    if isinstance(accepted, Each):
        return st.lists(st.integers(1, 6), min_size=not accepted.may_be_empty, max_size=3)
    if isinstance(default, int):
        low = int(accepted.low)
        return st.integers(low, low + 9).map(lambda number: number * 2 if accepted.even else number)
    high = min(accepted.high, 1e3)
    bounds = {"exclude_min": accepted.open_low, "exclude_max": accepted.open_high and high == accepted.high}
    return st.floats(accepted.low, high, **bounds)


def every_field():
    texts = {"class_name", "algorithm.class_name", "experiment_name", "run_name", "algorithm.compile"}
    default = TrainConfig()
    chosen = {p: small_values(p, leaf_of(default, p)) for p in PATHS if p not in texts}
    chosen["algorithm.replay.capacity"] = st.integers(1, 200)
    return st.fixed_dictionaries({}, optional=chosen)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(changes=every_field())
def test_an_accepted_combination_trains_or_is_refused_by_the_name_of_a_field(tmp_path_factory, changes):
    base = {
        "num_envs": 4,
        "num_steps_per_env": 2,
        "algorithm.warmup_steps_per_env": 2,
        "algorithm.replay.batch_size": 4,
    }
    base |= {
        "algorithm.actor.hidden_dims": [4],
        "algorithm.critic.hidden_dims": [4],
        "algorithm.compile": "eager",
    }
    base |= {"algorithm.actor_batch_size": 2, "algorithm.sampler.num_steps": 2, "algorithm.issm.num_candidates": 8}
    base |= {"algorithm.replay.capacity": 200}
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(yaml.safe_dump(nested(base | changes)))
    try:
        cfg = load_config(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runner = DiffusionActorRunner(FakeEnv(num_envs=cfg.num_envs), asdict(cfg), None, "cpu")
            runner.logger.disable_logs = True
            runner.learn(3)
    except ValueError as error:
        assert any(name in str(error) for name in PATHS), str(error)
