# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The directory of a training run: where it is, and what it says about the run besides its curves and checkpoints."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

from omegaconf import OmegaConf

from ddpl_isaac import __version__
from ddpl_isaac.config import TrainConfig

LOG_ROOT = Path("logs", "ddpl")
"""Directory of all experiments, in the working directory."""

SETTINGS_NAME = "params/agent.yaml"
"""File of the learner's resolved settings."""

ENV_SETTINGS_NAME = "params/env.yaml"
"""File of the environment's resolved settings."""


def create(cfg: TrainConfig) -> Path:
    """Create and return ``logs/ddpl/<experiment>/<timestamp>[_<run name>]``."""
    name = datetime.now().strftime("%Y-%m-%d_%H-%M-%S") + (f"_{cfg.run_name}" if cfg.run_name else "")
    path = (LOG_ROOT / cfg.experiment_name / name).absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in itertools.count(2):
        try:
            path.mkdir()  # fails for all but one of the runs that start in the same second
        except FileExistsError:
            path = path.with_name(f"{name}_{attempt}")
        else:
            (path / "params").mkdir()
            return path
    raise AssertionError


def write_settings(path: Path, cfg: TrainConfig) -> None:
    """Write the learner's resolved settings, from which the run can be played and resumed."""
    OmegaConf.save(OmegaConf.structured(cfg), path / SETTINGS_NAME)


def settings_of(checkpoint: Path) -> Path | None:
    """Return the settings of the run that a checkpoint belongs to, or None if they are not beside it."""
    path = checkpoint.parent / SETTINGS_NAME
    return path if path.is_file() else None


def write_manifest(path: Path, task: str, resumed_from: Path | None) -> None:
    """Write ``run.json`` in the form of Isaac Lab's run manifests."""
    manifest = {
        "version": 1,
        "library": "ddpl",
        "task": task,
        "created_at": datetime.now(UTC).isoformat(),
        "metadata": {
            "package_version": __version__,
            "command": shlex.join(sys.argv),
            "resumed_from": str(resumed_from) if resumed_from else "",
        },
    }
    temporary = path / ".run.json.tmp"
    temporary.write_text(json.dumps(manifest, indent=2) + "\n")
    os.replace(temporary, path / "run.json")


def shown(path: Path) -> str:
    """Return a path as a user in the working directory would type it."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
