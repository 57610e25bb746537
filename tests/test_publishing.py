# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What says who and which version this is agrees with the package."""

import tomllib
from pathlib import Path

import yaml

import ddpl_isaac

ROOT = Path(__file__).parents[1]


def test_all_files_tell_the_version_of_the_package():
    extension = tomllib.loads((ROOT / "config" / "extension.toml").read_text())
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert extension["package"]["version"] == citation["version"] == ddpl_isaac.__version__


def test_the_extension_names_the_module_that_registers_the_tasks():
    extension = tomllib.loads((ROOT / "config" / "extension.toml").read_text())
    assert extension["python"]["module"] == [{"name": "ddpl_isaac.tasks"}]


def test_the_workflow_runs_the_script_of_the_repository():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text())
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": "bash .ci/run"}
