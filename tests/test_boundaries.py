# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Which part of the project may know which library, and which flags the scripts have."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "source" / "ddpl_isaac"
ISAAC_LAB = {"isaaclab", "isaaclab_assets", "isaaclab_newton", "isaaclab_ov", "isaaclab_physx", "isaaclab_rl"}
ISAAC_LAB |= {"isaaclab_tasks", "isaaclab_visualizers", "pxr", "omni", "isaacsim", "carb"}
MAY_KNOW_ISAAC_LAB = ("tasks/", "assets/", "envs/isaac_lab/")
MAY_KNOW_PARTS = {
    "runtime": {"errors", "runtime"},
    "storage": {"errors", "storage"},
    "config": {"config", "errors", "names", "seeds"},
    "models": {"agents", "config", "diffusion", "errors", "models", "runtime"},
}
"""Parts of the package that a part may import."""


def imported_modules(path):
    """Yield the full names of all modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module


def files_below(folder):
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("path", files_below(PACKAGE / "diffusion"), ids=lambda path: path.name)
def test_diffusion_knows_torch_alone(path):
    roots = {name.partition(".")[0] for name in imported_modules(path) if not name.startswith("ddpl_isaac.diffusion")}
    assert roots - sys.stdlib_module_names <= {"torch"}


def test_isaac_lab_is_known_only_to_tasks_assets_and_its_adapter():
    offenders = [
        str(path.relative_to(PACKAGE))
        for path in files_below(PACKAGE)
        if not str(path.relative_to(PACKAGE)).startswith(MAY_KNOW_ISAAC_LAB)
        and any(name.partition(".")[0] in ISAAC_LAB for name in imported_modules(path))
    ]
    assert offenders == []


@pytest.mark.parametrize("part", MAY_KNOW_PARTS)
def test_a_part_imports_no_part_above_it(part):
    known = {
        name.split(".")[1]
        for path in files_below(PACKAGE / part)
        for name in imported_modules(path)
        if name.startswith("ddpl_isaac.")
    }
    assert known <= MAY_KNOW_PARTS[part]


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)


def test_learner_and_configuration_load_without_isaac_lab():
    code = """
import sys
import ddpl_isaac.workflows.baseline, ddpl_isaac.workflows.evaluate
import ddpl_isaac.workflows.export, ddpl_isaac.workflows.play
import ddpl_isaac.envs.registry, ddpl_isaac.algorithms.ddpl, ddpl_isaac.config.loader
from ddpl_isaac.config.loader import load_config, resolve_resource
load_config(resolve_resource("ddpl_isaac.configs:task/hands.yaml"))
assert not [name for name in sys.modules if name.partition(".")[0].startswith(("isaaclab", "omni", "pxr", "isaacsim"))]
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_building_the_configuration_of_every_task_starts_no_simulator():
    code = """
import sys
import gymnasium as gym
import ddpl_isaac.tasks
from isaaclab_tasks.utils import resolve_task_config
ours = [name for name in gym.registry if name.startswith("DDPL-")]
assert len(ours) >= 2, ours
for name in ours:
    resolve_task_config(name, None, overrides=[])
roots = {name.partition(".")[0] for name in sys.modules}
simulators = roots & {"omni", "pxr", "isaacsim", "carb", "ovphysx"}
assert not simulators, simulators
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr


COMMON = {"-h", "--help", "--task", "--num_envs", "--seed"}
VIDEO = {"--video", "--video_length", "--video_interval"}
FLAGS = {
    "train": COMMON | VIDEO | {"--max_iterations", "--run_name", "--checkpoint", "--distributed"},
    "baseline": COMMON | VIDEO | {"--algorithm", "--max_iterations", "--run_name", "--checkpoint"},
    "play": COMMON | VIDEO | {"--checkpoint", "--num_steps", "--real_time", "--temperature"},
    "evaluate": COMMON | {"--checkpoint", "--num_episodes", "--draws", "--temperature", "--output", "--html"},
    "zero_agent": COMMON | {"--num_steps"},
    "random_agent": COMMON | {"--num_steps"},
    "suite": {"-h", "--help", "--output", "--launcher", "--jobs", "--cpus", "--gpus", "--cell"},
    "export": COMMON | {"--checkpoint", "--output"},
    "plot": {"-h", "--help", "--runs", "--suite", "--csv", "--save_csv", "--axis", "--quantity", "--output", "--title"}
    | {"--num_envs", "--num_agents"},
}


def make_parser(script):
    spec = importlib.util.spec_from_file_location(f"script_{script}", ROOT / "scripts" / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_parser()


@pytest.mark.parametrize("script", FLAGS)
def test_the_flags_of_the_scripts_stay_as_they_are(script):
    assert {option for action in make_parser(script)._actions for option in action.option_strings} == FLAGS[script]


def test_every_script_is_frozen():
    assert {path.stem for path in (ROOT / "scripts").glob("[!_]*.py")} == set(FLAGS)
