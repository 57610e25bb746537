# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The schema, its documentation and its defaults say the same thing."""

import ast
import inspect
import itertools
from dataclasses import asdict, fields, is_dataclass
from importlib.resources import files

import pytest
from omegaconf import OmegaConf

from ddpl_isaac import config
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config_loader import field_paths
from ddpl_isaac.config_ranges import CHOICES, RANGES

YAML = files("ddpl_isaac.configs").joinpath("ddpl.yaml").read_text()


def field_docs(schema=TrainConfig, prefix=""):
    """Map the dotted path of every field to the docstring below it."""
    tree = ast.parse(inspect.getsource(config))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == schema.__name__)
    below = {
        attribute.target.id: text.value.value
        for attribute, text in itertools.pairwise(body)
        if isinstance(attribute, ast.AnnAssign) and isinstance(text, ast.Expr)
    }
    docs = {}
    for item in fields(schema):
        if is_dataclass(item.default_factory):
            docs |= field_docs(item.default_factory, f"{prefix}{item.name}.")
        else:
            docs[prefix + item.name] = below[item.name]
    return docs


def is_numeric(value):
    if OmegaConf.is_list(value):
        return all(is_numeric(element) for element in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def test_yaml_holds_every_default_of_the_schema_and_nothing_else():
    assert OmegaConf.to_container(OmegaConf.create(YAML)) == asdict(TrainConfig())


def test_every_line_of_the_yaml_carries_the_docstring_of_its_field():
    leaves = [line for line in YAML.splitlines() if line and not line.lstrip().startswith("#") and "#" in line]
    assert [line.split(" # ", 1)[1] for line in leaves] == [field_docs()[path] for path in field_paths()]


def test_every_field_is_documented():
    assert set(field_docs()) == set(field_paths())


def test_every_number_has_a_range_and_every_range_a_field():
    defaults = OmegaConf.create(asdict(TrainConfig()))
    values = {path: OmegaConf.select(defaults, path) for path in field_paths()}
    assert {path for path, value in values.items() if is_numeric(value)} == set(RANGES)


@pytest.mark.parametrize("path", [path for path in RANGES if path != "algorithm.replay.capacity"])
def test_the_docstring_states_the_range_that_is_checked(path):
    assert str(RANGES[path]) in field_docs()[path]


@pytest.mark.parametrize("path", CHOICES)
def test_the_docstring_names_every_choice(path):
    assert all(f"``{choice}``" in field_docs()[path] for choice in CHOICES[path])
