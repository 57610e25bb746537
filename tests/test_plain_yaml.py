# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""YAML with tags of Python objects is read as plain values, and runs nothing."""

import pytest
import yaml

from ddpl_isaac.plain_yaml import read_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!!python/tuple [1, 2]", [1, 2]),
        ("a: !!python/object/apply:os.getcwd []", {"a": []}),
        ("!!python/object:some.Class {b: 1.5}", {"b": 1.5}),
        ("!!python/name:builtins.print ''", ""),
        ("a: [1, x, null]", {"a": [1, "x", None]}),
    ],
)
def test_tags_are_left_out(text, value):
    assert read_plain(text) == value


def test_what_is_no_yaml_is_refused():
    with pytest.raises(yaml.YAMLError):
        read_plain("a: [1")
