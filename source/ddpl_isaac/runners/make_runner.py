# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Builds the runner that the settings name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rsl_rl.utils import resolve_callable

from ddpl_isaac.config import TrainConfig
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv

if TYPE_CHECKING:
    from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner


def make_runner(
    env: MultiAgentVecEnv, cfg: TrainConfig, device: str, *, run_dir: Path | None = None, checkpoint: Path | None = None
) -> DiffusionActorRunner:
    """Build the runner, and load a checkpoint if there is one.

    Args:
        env: The environment.
        cfg: Settings of the training.
        device: Device of the learner.
        run_dir: Directory of the run; None logs and saves nothing.
        checkpoint: File to go on from; None begins with new networks.

    Raises:
        CheckpointError: If the checkpoint cannot be used.
    """
    runner = resolve_callable(cfg.class_name)(env, asdict(cfg), str(run_dir) if run_dir else None, device)
    if checkpoint is not None:
        runner.load(str(checkpoint))
    return runner
