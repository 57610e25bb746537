# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What says who and which version this is agrees with the package."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
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
    (module,) = extension["python"]["module"]
    assert module["name"] == "ddpl_isaac.tasks"
    # Kit looks below the folder of the extension, that of config/
    assert (ROOT / module["path"] / module["name"].replace(".", "/") / "__init__.py").is_file()


def test_the_paper_is_cited_beside_the_software():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    (paper,) = citation["references"]
    assert paper["identifiers"][0]["value"].removeprefix("arXiv:") in (ROOT / "README.md").read_text()
    assert paper["authors"]
    assert paper["title"].startswith("Decentralized Diffusion Policy Learning")


def test_the_workflow_runs_the_script_of_the_repository():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text())
    assert workflow["jobs"]["test"]["steps"][-1] == {"run": "bash .ci/run"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Directory of what a wheel of the tree installs."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("installed")
    for name in ("config", "scripts", "source"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("*.egg-info", "__pycache__", "configs"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    call_backend("build_wheel", tree)
    (wheel,) = tree.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_holds_every_setting_asset_and_script(installed):
    def files_of(source, target, *suffixes):
        return {installed / target / p.relative_to(source) for p in source.rglob("*") if p.suffix in suffixes}

    package = ROOT / "source" / "ddpl_isaac"
    settings = files_of(ROOT / "config", "ddpl_isaac/configs", ".yaml", ".toml")
    data = {path for path in files_of(package, "ddpl_isaac", ".usda", ".yaml") if "configs" not in path.parts}
    scripts = files_of(ROOT / "scripts", "ddpl_isaac/scripts", ".py")
    assert settings
    assert data
    assert scripts
    assert [path for path in settings | data | scripts if not path.exists()] == []


def test_the_wheel_trains_and_plays_outside_the_checkout(installed, tmp_path):
    small = "--num_envs", "8", "agent.algorithm.replay.capacity=4096", "agent.algorithm.compile=eager"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    for script, arguments in {"train": ("--max_iterations", "1", *small), "evaluate": ("--num_episodes", "8")}.items():
        command = [
            sys.executable,
            "-m",
            f"ddpl_isaac.scripts.{script}",
            "--task",
            "Coordination-Corners-v0",
            *arguments,
        ]
        result = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert result.returncode == 0, result.stderr
    code = "import ddpl_isaac; print(ddpl_isaac.__file__)"
    where = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env=environment, text=True)
    assert where.startswith(str(installed))
