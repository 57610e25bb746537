# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The environments of this project: families of tasks whose ids begin with the same word."""

from __future__ import annotations

import argparse
import importlib
import torch
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ddpl_isaac.config.loader import resolve_resource
from ddpl_isaac.envs.family import Family, read_options
from ddpl_isaac.envs.source import EnvPlan, EnvSource
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.envs.video import RecordedEnv, clip_length
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.run_directory import ENV_SETTINGS_NAME
from ddpl_isaac.runtime.device import choose_device

_FAMILIES = {
    "Coordination": "ddpl_isaac.envs.coordination",
    "MPE": "ddpl_isaac.envs.mpe",
    "MaMuJoCo": "ddpl_isaac.envs.mamujoco",
    "SMAX": "ddpl_isaac.envs.smax",
}
"""Module of every family, which holds it as ``FAMILY``, by the first word of its ids."""


def find_family(task: str) -> Family:
    """Return the family whose name begins the id."""
    return importlib.import_module(_FAMILIES[task.partition("-")[0]]).FAMILY


def _options_of(task: str, run_dir: Path | None) -> dict[str, Any]:
    """Return the settings of a task that a run wrote down; none if it wrote none."""
    path = run_dir / ENV_SETTINGS_NAME if run_dir else None
    written = yaml.safe_load(path.read_text()) if path and path.is_file() else {}
    return {name: value for name, value in written.items() if name in find_family(task).defaults(task)}


class BuiltIn(EnvSource):
    """The families as a source; the module of one is imported when it is asked for."""

    def knows(self, task: str) -> bool:
        """Tell whether an id is one of a family's."""
        return task.partition("-")[0] in _FAMILIES and find_family(task).has(task)

    def tasks(self) -> list[str]:
        """Return the ids that the families propose."""
        return [task for name in _FAMILIES for task in find_family(name).tasks]

    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--device``; there is no viewer."""
        parser.add_argument("--device", help="cpu, cuda or cuda:N.")
        parser.set_defaults(visualizer=None)

    def find_task(self, task: str) -> str:
        """Return the id: it is of a family."""
        find_family(task).require(task)
        return task

    def plan(
        self, args: argparse.Namespace, overrides: Sequence[str], *, run_dir: Path | None = None, play: bool = False
    ) -> EnvPlan:
        """Check the task with its settings."""
        device, task, family = choose_device(args.device), self.find_task(args.task), find_family(args.task)
        options = read_options(task, family.defaults(task) | _options_of(task, run_dir), overrides)
        family.check(task, options)
        if args.video and not family.has_picture:
            raise ConfigError(f"--video: {task} is a game without a picture.")
        if args.video:
            clip_length(args)
        settings = resolve_resource(family.settings(task))
        return EnvPlan(task, self, settings, device, options=options, tokens=tuple(overrides), play=play, args=args)

    def record(self, plan: EnvPlan, path: Path, *, num_envs: int, seed: int) -> None:
        """Write the options."""
        del num_envs, seed  # the learner's settings hold them
        path.write_text(yaml.safe_dump(plan.options))

    @contextmanager
    def open(
        self, plan: EnvPlan, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
    ) -> Generator[MultiAgentVecEnv]:
        """Make the environment, recorded if videos are wanted."""
        torch.manual_seed(seed)
        family, args = find_family(plan.task), plan.args
        env = family.make(plan.task, num_envs, plan.device, seed, **plan.options)
        env.packages = family.extra[1:] if family.extra else ()
        if args.video:
            folder = log_dir / "videos" / video_folder
            env = RecordedEnv(env, folder, length=clip_length(args), interval=args.video_interval)
        try:
            yield env
        finally:
            env.close()

    def has_picture(self, task: str) -> bool:
        """Tell whether videos of a task can be recorded."""
        return find_family(task).has_picture

    def video_steps(self, plan: EnvPlan) -> int:
        """Return the steps of a clip."""
        return clip_length(plan.args)

    def details(self, plan: EnvPlan) -> list[str]:
        """Return the options."""
        return [f"{name} {value}" for name, value in plan.options.items()]


BUILT_IN = BuiltIn()
"""The one there is."""
