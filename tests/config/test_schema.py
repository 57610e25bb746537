# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One schema: its defaults are accepted, its numbers have ranges, and config/ddpl.yaml is made from it."""

from dataclasses import asdict
from importlib.resources import files

from omegaconf import OmegaConf

from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.defaults import defaults_text
from ddpl_isaac.config.schema import accepted_fields, choices, why_refused

DEFAULTS = OmegaConf.create(asdict(TrainConfig()))
VALUES = {path: OmegaConf.select(DEFAULTS, path) for path in accepted_fields()}


def test_the_file_of_defaults_is_made_from_the_schema():
    text = files("ddpl_isaac.configs").joinpath("ddpl.yaml").read_text()
    assert text == defaults_text(), "run: python -m ddpl_isaac.config.defaults > config/ddpl.yaml"
    assert OmegaConf.to_container(OmegaConf.create(text)) == asdict(TrainConfig())


def test_every_number_says_what_it_accepts():
    def is_numeric(value):
        return OmegaConf.is_list(value) or (isinstance(value, (int, float)) and not isinstance(value, bool))

    assert [path for path, value in VALUES.items() if is_numeric(value) and accepted_fields()[path] is None] == []


def test_every_default_is_accepted_and_contradicts_no_other():
    assert [path for path, value in VALUES.items() if why_refused(path, value) is not None] == []
    assert list(TrainConfig().contradictions()) == []


def test_choices_are_the_words_of_a_field():
    assert choices("algorithm.critic.marginal") == ("mean", "lse")
