# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writes ``config/ddpl.yaml`` from the schema: ``python -m ddpl_isaac.config.defaults > config/ddpl.yaml``."""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import yaml

from ddpl_isaac.config.accepted import accepted_by
from ddpl_isaac.config.schema import sections_of
from ddpl_isaac.config.train import TrainConfig

HEAD = """\
# Every setting of a training, once: its meaning, its default, and behind the default what else it may be.
# Made from the schema by python -m ddpl_isaac.config.defaults > config/ddpl.yaml
# A task's file in task/ holds only what differs. On the command line: agent.algorithm.gamma=0.98
"""
WIDTH = 106
"""Longest line of a meaning."""


def defaults_text() -> str:
    """Return the text of the file."""
    return HEAD + "\n".join(_lines(TrainConfig, asdict(TrainConfig()))) + "\n"


def _lines(schema: type, values: dict[str, Any]) -> Iterator[str]:
    accepted, documented, sections = accepted_by(schema), field_docs(schema), sections_of(schema)
    for name, value in values.items():
        if name in sections:
            inner = "\n".join(_lines(sections[name], value))
            yield f"\n# {_first_line(sections[name])}\n{name}:\n{textwrap.indent(inner, '  ')}"
        else:
            yield from textwrap.wrap(documented[name], WIDTH, initial_indent="# ", subsequent_indent="# ")
            yield f"{name}: {_scalar(value)}" + (f"  # {accepted[name]}" if name in accepted else "")


def field_docs(schema: type) -> dict[str, str]:
    """Return the docstring below each field of a configuration class, by the field's name."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(schema))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        attribute.target.id: " ".join(str(text.value.value).split())
        for attribute, text in itertools.pairwise(definition.body)
        if isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def _first_line(schema: type) -> str:
    return (schema.__doc__ or "").partition("\n")[0]


def _scalar(value: Any) -> str:
    """Return a number, a text or a list as YAML has it."""
    return yaml.safe_dump(value, default_flow_style=True).partition("\n")[0]


if __name__ == "__main__":
    sys.stdout.write(defaults_text())
