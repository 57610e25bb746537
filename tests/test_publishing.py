# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What says who and which version this is agrees with the package."""

import shutil
import tomllib
import zipfile
from pathlib import Path

import yaml
from packaging_backend import call_backend

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


def test_the_wheel_holds_every_setting_and_asset(tmp_path):
    for name in ("config", "source"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / name)
    call_backend("build_wheel", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    settings = {f"ddpl_isaac/configs/{p.relative_to(ROOT / 'config')}" for p in (ROOT / "config").rglob("*.*ml")}
    package = ROOT / "source" / "ddpl_isaac"
    data = {f"ddpl_isaac/{p.relative_to(package)}" for p in package.rglob("*") if p.suffix in (".usda", ".yaml")}
    assert settings
    assert data
    assert settings | data <= packed
