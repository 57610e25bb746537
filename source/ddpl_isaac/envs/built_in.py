# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The environments of this project: families of tasks whose ids begin with the same word."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from ddpl_isaac.config.loader import resolve_resource
from ddpl_isaac.envs.family import Family, read_options
from ddpl_isaac.envs.source import EnvPlan, EnvSource, choose_device
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.envs.video import RecordedEnv, clip_length
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.run_directory import ENV_SETTINGS_NAME

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

    def plan(self, args: argparse.Namespace, overrides: Sequence[str], *, play: bool = False) -> EnvPlan:
        """Check the task with its settings."""
        device, family = choose_device(args.device), find_family(args.task)
        family.require(args.task)
        options = read_options(args.task, family.defaults(args.task), overrides)
        if getattr(args, "checkpoint", None) is None:  # else the settings of its run come first
            family.check(args.task, options)
        if args.video and not family.has_picture:
            raise ConfigError(f"--video: {args.task} is a game without a picture.")
        if args.video:
            clip_length(args)
        settings = resolve_resource(family.settings(args.task))
        return EnvPlan(args.task, self, settings, device, options=options, tokens=tuple(overrides), play=play)

    def restore(self, plan: EnvPlan, args: argparse.Namespace, run_dir: Path, overrides: Sequence[str]) -> EnvPlan:
        """Take the options from the run."""
        del args
        family, path = find_family(plan.task), run_dir / ENV_SETTINGS_NAME
        written = yaml.safe_load(path.read_text()) if path.is_file() else {}
        defaults = family.defaults(plan.task)
        defaults |= {name: value for name, value in written.items() if name in defaults}
        options = read_options(plan.task, defaults, overrides)
        family.check(plan.task, options)
        return dataclasses.replace(plan, options=options)

    def record(self, plan: EnvPlan, path: Path, *, num_envs: int, seed: int) -> None:
        """Write the options."""
        del num_envs, seed  # the learner's settings hold them
        path.write_text(yaml.safe_dump(plan.options))

    @contextmanager
    def open(
        self, plan: EnvPlan, args: argparse.Namespace, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
    ) -> Generator[MultiAgentVecEnv]:
        """Make the environment, recorded if videos are wanted."""
        family = find_family(plan.task)
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

    def video_steps(self, plan: EnvPlan, args: argparse.Namespace) -> int:
        """Return the steps of a clip."""
        del plan
        return clip_length(args)

    def details(self, plan: EnvPlan) -> list[str]:
        """Return the options."""
        return [f"{name} {value}" for name, value in plan.options.items()]


BUILT_IN = BuiltIn()
"""The one there is."""
