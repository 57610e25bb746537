# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Finds an environment by its id, checks everything that the command line says about it, and opens it.

The first word of an id may name a suite of environments of this project, whose module is imported only then. Any other
id is a task registered for Isaac Lab, which again is imported only then.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import torch
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import yaml

from ddpl_isaac.config_loader import ConfigError, nearest, resolve_resource
from ddpl_isaac.cores import leave_half_of_the_cores
from ddpl_isaac.envs.suite import Suite, read_options
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.envs.video import RecordedEnv, clip_length
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.seeds import MAX_SEED

_SUITES = {
    "Coordination": "ddpl_isaac.envs.coordination",
    "MPE": "ddpl_isaac.envs.mpe",
    "MaMuJoCo": "ddpl_isaac.envs.mamujoco",
    "SMAX": "ddpl_isaac.envs.smax",
}
"""Module of every suite, which holds it as ``SUITE``, by the first word of its ids."""


@dataclass(frozen=True)
class EnvPlan:
    """A valid environment that is not running yet."""

    task: str
    """Identifier of the environment."""

    settings: Path | None
    """File of the learner's settings for this task, or None if the task brings none."""

    device: str
    """Device of the environment and the learner."""

    cfg: Any = None
    """Isaac Lab's resolved configuration, or None for a task of a suite."""

    options: dict[str, Any] = field(default_factory=dict)
    """Settings of a task of a suite."""


def needs_isaac_lab(task: str) -> bool:
    """Tell whether the id is none of a suite, so that only Isaac Lab can know it."""
    name, dash, _ = task.partition("-")
    return not dash or name not in _SUITES


def find_suite(task: str) -> Suite:
    """Return the suite whose name begins the id."""
    return importlib.import_module(_SUITES[task.partition("-")[0]]).SUITE


def has_picture(task: str) -> bool:
    """Tell whether videos of a task can be recorded."""
    return needs_isaac_lab(task) or find_suite(task).has_picture


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
    if not needs_isaac_lab(args.task):
        return _plan_suite(args, overrides, device)

    from ddpl_isaac.envs import isaac_lab_cfg, isaac_lab_launch

    isaac_lab_cfg.register_tasks(args.task)
    name = args.task.rpartition(":")[2]
    known = isaac_lab_cfg.task_ids()
    if name not in known:
        closest = nearest(name, [*known, *_suite_tasks()], count=3)
        hint = f"Did you mean {' or '.join(closest)}?" if closest else "`isaaclab list_envs` lists what there is."
        raise ConfigError(f"Unknown task '{args.task}'. {hint}")
    settings = gym.spec(name).kwargs.get("ddpl_cfg_entry_point")
    cfg = isaac_lab_cfg.resolve_env_cfg(name, overrides, play=play)
    args.device = cfg.sim.device = device
    isaac_lab_launch.check_launch(cfg, args)
    return EnvPlan(name, resolve_resource(settings) if settings else None, device, cfg)


def _plan_suite(args: argparse.Namespace, overrides: Iterable[str], device: str) -> EnvPlan:
    """Check a task of a suite with its settings."""
    suite = find_suite(args.task)
    suite.require(args.task)
    options = read_options(args.task, suite.defaults(args.task), overrides)
    if getattr(args, "checkpoint", None) is None:  # else the settings of its run come first
        suite.check(args.task, options)
    if args.video and not suite.has_picture:
        raise ConfigError(f"--video: {args.task} is a game without a picture.")
    if args.video:
        clip_length(args)
    return EnvPlan(args.task, resolve_resource(suite.settings(args.task)), device, options=options)


def _suite_tasks() -> list[str]:
    """Return the ids that the suites propose."""
    return [task for name in _SUITES for task in find_suite(name).tasks]


def with_options_of_run(plan: EnvPlan, env_settings: Path, overrides: Iterable[str]) -> EnvPlan:
    """Return the plan with the settings that a run wrote down, and the command line's on top.

    Args:
        plan: What :func:`plan_env` returned.
        env_settings: File that :func:`dump_env_cfg` wrote; it need not exist. For Isaac Lab the plan stays as it is.
        overrides: Tokens ``env.field=value``.

    Raises:
        ConfigError: If the settings cannot be used.
    """
    if needs_isaac_lab(plan.task):
        return plan
    suite = find_suite(plan.task)
    written = yaml.safe_load(env_settings.read_text()) if env_settings.is_file() else {}
    defaults = suite.defaults(plan.task)
    defaults |= {name: value for name, value in written.items() if name in defaults}
    options = read_options(plan.task, defaults, overrides)
    suite.check(plan.task, options)
    return dataclasses.replace(plan, options=options)


def declared_layout(plan: EnvPlan) -> AgentStack | None:
    """Return the layout of the agents if it is known before the environment is opened."""
    if plan.cfg is None:
        return None

    from ddpl_isaac.envs.isaac_lab_spaces import spaces_of_cfg

    spaces = spaces_of_cfg(plan.cfg)
    return AgentStack(spaces.agents, spaces.state_dim) if spaces else None


@contextmanager
def open_env(
    plan: EnvPlan,
    args: argparse.Namespace,
    *,
    num_envs: int,
    seed: int,
    log_dir: Path,
    video_folder: str,
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
    if not needs_isaac_lab(plan.task):
        env = find_suite(plan.task).make(plan.task, num_envs, plan.device, seed, **plan.options)
        if args.video:
            folder = log_dir / "videos" / video_folder
            env = RecordedEnv(env, folder, length=clip_length(args), interval=args.video_interval)
        try:
            yield env
        finally:
            env.close()
        return

    from ddpl_isaac.envs import isaac_lab_launch

    if plan.device == "cpu":
        leave_half_of_the_cores()
    plan.cfg.scene.num_envs, plan.cfg.seed = num_envs, seed & MAX_SEED
    with isaac_lab_launch.open_task(plan.task, plan.cfg, args, log_dir, video_folder=video_folder) as env:
        yield env


def dump_env_cfg(plan: EnvPlan, env: MultiAgentVecEnv, path: Path) -> None:
    """Write the resolved configuration of the environment as YAML."""
    if not needs_isaac_lab(plan.task):
        path.write_text(yaml.safe_dump(env.cfg))
        return

    from ddpl_isaac.envs import isaac_lab_cfg

    isaac_lab_cfg.dump_env_cfg(path, plan.cfg)
