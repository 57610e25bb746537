# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The directory of a training run: where it is, and what it says about the run besides its curves and checkpoints."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from omegaconf import OmegaConf

from ddpl_isaac import __version__
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.interruption import cleaned_up, whole_file
from ddpl_isaac.output_paths import check_output
from ddpl_isaac.runtime import ranks

LOG_ROOT = Path("logs", "ddpl")
"""Directory of all experiments, in the working directory."""

SETTINGS_NAME = "params/agent.yaml"
"""File of the learner's resolved settings."""

MANIFEST_NAME = "run.json"
"""File that tells of the task, the command and the origin of a run."""

LAUNCH_NAME = "launch.json"
"""File of a run that torchrun started."""

ENV_SETTINGS_NAME = "params/env.yaml"
"""File of the environment's resolved settings."""


def create(cfg: TrainConfig) -> Path:
    """Create and return ``logs/ddpl/<experiment>/<timestamp>[_<run name>]``.

    Raises:
        ConfigError: If the working directory has no place for it.
    """
    name = datetime.now().strftime("%Y-%m-%d_%H-%M-%S") + (f"_{cfg.run_name}" if cfg.run_name else "")
    path = (LOG_ROOT / cfg.experiment_name / name).absolute()
    check_output("The run directory", path, directory=True)
    for attempt in itertools.count(2):
        try:
            path.mkdir(parents=True)  # fails for all but one of the runs that start in the same second
        except FileExistsError:
            path = path.with_name(f"{name}_{attempt}")
        else:
            (path / "params").mkdir()
            return path
    raise AssertionError


@contextmanager
def opened(cfg: TrainConfig, task: str, resumed_from: Path | None, env_tokens: Sequence[str]) -> Generator[Path]:
    """Create the directory of a run, write down what runs, and give all ranks its path.

    At the end it is removed, and its experiment's if that is empty, where no iteration came to its end. The first
    iteration saves a checkpoint, or a snapshot of what went wrong in it.

    Args:
        cfg: Settings of the learner.
        task: Identifier of the task.
        resumed_from: Checkpoint from which the run goes on.
        env_tokens: Tokens from which the environment's settings come, those of the runs before included.

    Raises:
        ConfigError: If the working directory has no place for it.
    """
    path = ranks.from_first(create(cfg) if ranks.rank() == 0 else None)
    with cleaned_up(partial(_remove_unused, path)) if ranks.rank() == 0 else nullcontext():
        if ranks.rank() == 0:
            write_settings(path, cfg)
            write_manifest(path, task, resumed_from, env_tokens)
        yield path


def _remove_unused(path: Path) -> None:
    """Remove a directory without a checkpoint or snapshot."""
    if not any(path.glob("*.pt")):
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            path.parent.rmdir()


def write_settings(path: Path, cfg: TrainConfig) -> None:
    """Write the learner's resolved settings, from which the run can be played and resumed."""
    OmegaConf.save(OmegaConf.structured(cfg), path / SETTINGS_NAME)


def settings_of(checkpoint: Path) -> Path | None:
    """Return the settings of the run that a checkpoint belongs to, or None if they are not beside it."""
    path = checkpoint.parent / SETTINGS_NAME
    return path if path.is_file() else None


def write_manifest(path: Path, task: str, resumed_from: Path | None, env_tokens: Sequence[str] = ()) -> None:
    """Write ``run.json`` in the form of Isaac Lab's run manifests.

    Args:
        path: Directory of the run.
        task: Identifier of the task.
        resumed_from: Checkpoint from which the run goes on.
        env_tokens: Tokens from which the environment's settings come, those of the runs before included.
    """
    manifest = {
        "version": 1,
        "library": "ddpl",
        "task": task,
        "created_at": datetime.now(UTC).isoformat(),
        "metadata": {
            "package_version": __version__,
            "command": shlex.join(sys.argv),
            "resumed_from": str(resumed_from) if resumed_from else "",
            "env": list(env_tokens),
        },
    }
    _write_json(path / MANIFEST_NAME, manifest)


def env_tokens_of(path: Path) -> list[str]:
    """Return the tokens from which the environment's settings of a run come; none if it does not tell."""
    manifest = path / MANIFEST_NAME
    content = json.loads(manifest.read_text()) if manifest.is_file() else {}
    return content.get("metadata", {}).get("env", [])


def write_launch(path: Path, launch: str, end: int) -> None:
    """Note which launch of torchrun a run belongs to, and the iteration at which that is done."""
    _write_json(path / LAUNCH_NAME, {"launch": launch, "end": end})


def newest_of_launch(launch: str | None) -> Path | None:
    """Return the newest checkpoint of all runs of a launch, or None if it has none yet."""
    files = [file for file in LOG_ROOT.glob(f"*/*/{LAUNCH_NAME}") if json.loads(file.read_text())["launch"] == launch]
    checkpoints = [path for file in files for path in file.parent.glob("model_*.pt")]
    return max(checkpoints, key=lambda path: int(path.stem.removeprefix("model_")), default=None)


def end_of_launch(path: Path) -> int:
    """Return the iteration at which the launch of a run is done."""
    return json.loads((path / LAUNCH_NAME).read_text())["end"]


def _write_json(path: Path, content: dict) -> None:
    """Write a file, whole or not at all."""
    with whole_file(path) as file:
        file.write_text(json.dumps(content, indent=2) + "\n")


def shown(path: Path) -> str:
    """Return a path as a user in the working directory would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
