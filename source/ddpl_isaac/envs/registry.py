# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Finds an environment by its id, checks everything that the command line says about it, and opens it.

Coordination games need torch alone. Any other id is a task registered for Isaac Lab, which is imported only then.
"""

from __future__ import annotations

import argparse
import torch
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import yaml

from ddpl_isaac.config_loader import ConfigError, nearest, resolve_resource
from ddpl_isaac.envs import coordination
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv

_GAME_SETTINGS = {"Coordination-Corners-v0": "ddpl_isaac.configs:task/coordination_corners.yaml"}


@dataclass(frozen=True)
class EnvPlan:
    """A valid environment that is not running yet."""

    task: str
    """Identifier of the environment."""

    settings: Path | None
    """File of the learner's settings for this task, or None if the task brings none."""

    device: str
    """Device of the environment and the learner."""

    cfg: Any
    """Isaac Lab's resolved configuration, or None for a coordination game."""


def is_game(task: str) -> bool:
    """Tell whether the id is one of a coordination game, which runs without a simulator."""
    return task in coordination.TASKS


def check_device(device: str) -> str:
    """Return the device if it is there.

    Raises:
        ConfigError: If it is not.
    """
    kind, colon, index = device.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not index.isdigit())):
        raise ConfigError(f"--device {device} is not a device; it must be cpu, cuda or cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cuda" and int(index or 0) >= count:
        found = f"only {count} GPU(s)" if count else "no CUDA device"
        raise ConfigError(f"--device {device}: this machine has {found}. Leave --device out, or use --device cpu.")
    return device


def plan_env(args: argparse.Namespace, overrides: Iterable[str], *, play: bool = False) -> EnvPlan:
    """Check the task, the device and the ``env.`` and preset tokens without starting anything.

    Args:
        args: Parsed command line with ``task`` and ``device``; where that is None, it is the GPU if there is one.
        overrides: Tokens ``env.field=value``, ``physics=``, ``renderer=`` and ``presets=``.
        play: Whether to apply the task's settings for playing.

    Raises:
        ConfigError: If something is unknown or impossible here; names the nearest valid one.
    """
    device = check_device(args.device or ("cuda:0" if torch.cuda.is_available() else "cpu"))
    if is_game(args.task):
        for token in overrides:
            raise ConfigError(f"'{token}': {args.task} is a game without settings of its own.")
        if args.video:
            raise ConfigError(f"--video: {args.task} is a game without a picture.")
        return EnvPlan(args.task, resolve_resource(_GAME_SETTINGS[args.task]), device, None)

    from ddpl_isaac.envs import isaac_lab_launch

    isaac_lab_launch.register_tasks(args.task)
    name = args.task.rpartition(":")[2]
    known = isaac_lab_launch.task_ids()
    if name not in known:
        closest = nearest(name, [*known, *coordination.TASKS], count=3)
        hint = f"Did you mean {' or '.join(closest)}?" if closest else "`isaaclab list_envs` lists what there is."
        raise ConfigError(f"Unknown task '{args.task}'. {hint}")
    settings = gym.spec(name).kwargs.get("ddpl_cfg_entry_point")
    cfg = isaac_lab_launch.resolve_env_cfg(name, overrides, play=play)
    args.device = cfg.sim.device = device
    isaac_lab_launch.check_launch(cfg, args)
    return EnvPlan(name, resolve_resource(settings) if settings else None, device, cfg)


@contextmanager
def open_env(
    plan: EnvPlan, args: argparse.Namespace, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
) -> Generator[MultiAgentVecEnv]:
    """Run a planned environment, and free what it holds at the end.

    Args:
        plan: What :func:`plan_env` returned.
        args: Parsed command line with the launcher's arguments.
        num_envs: Number of parallel environments.
        seed: Seed of the environment's random numbers.
        log_dir: Directory of the run.
        video_folder: Folder of the videos below ``<log_dir>/videos``.
    """
    torch.manual_seed(seed)
    if plan.cfg is None:
        env = coordination.make(plan.task, num_envs, plan.device)
        try:
            yield env
        finally:
            env.close()
        return

    from ddpl_isaac.envs import isaac_lab_launch

    plan.cfg.scene.num_envs, plan.cfg.seed = num_envs, seed
    with isaac_lab_launch.open_task(plan.task, plan.cfg, args, log_dir, video_folder=video_folder) as env:
        yield env


def dump_env_cfg(plan: EnvPlan, env: MultiAgentVecEnv, path: Path) -> None:
    """Write the resolved configuration of the environment as YAML."""
    if plan.cfg is None:
        path.write_text(yaml.safe_dump(env.cfg))
        return

    from ddpl_isaac.envs import isaac_lab_launch

    isaac_lab_launch.dump_env_cfg(path, plan.cfg)
