# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where environments come from, and what is settled about one before it runs."""

from __future__ import annotations

import argparse
import torch
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.vec_env import DEFAULT_LIMITS, ActionLimits, MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError


@dataclass(frozen=True)
class EnvPlan:
    """A valid environment that is not running yet."""

    task: str
    """Identifier of the environment."""

    source: EnvSource
    """Where it comes from."""

    settings: Path | None
    """File of the learner's settings for this task, or None if the task brings none."""

    device: str
    """Device of the environment and the learner."""

    cfg: Any = None
    """Isaac Lab's resolved configuration, or None for a built-in environment."""

    options: dict[str, Any] = field(default_factory=dict)
    """Settings of a built-in environment."""

    tokens: tuple[str, ...] = ()
    """Tokens of the command line, and of the run that is restored, from which the environment's settings come."""

    own: dict[str, Any] = field(default_factory=dict)
    """Settings of the learner, ``num_envs`` and ``seed``, that the configuration of the task brings."""

    declared: dict[str, Any] | None = None
    """The environment's identity as far as its configuration tells, or None if it does not."""

    limits: ActionLimits = DEFAULT_LIMITS
    """What bounds of actions may be, and what takes the place of infinite ones."""

    bounds: str | None = None
    """A line on the bounds of actions in use."""

    agents: tuple[AgentSpec, ...] = ()
    """The agents that the configuration declares, if it declares them."""

    state_dim: int = 0
    """Size of the state that goes with them."""

    notes: tuple[str, ...] = ()
    """What the user should know before it runs."""

    play: bool = False
    """Whether the task's settings for playing apply."""

    launch: argparse.Namespace | None = None
    """Flags for Isaac Lab's launcher, which writes into them; None for a built-in environment."""


class EnvSource(ABC):
    """A kind of environments: how one is found, planned, restored, opened and written down."""

    flag_fields: ClassVar[dict[str, str]] = {}
    """Settings ``env.field`` that are the same as a flag, by the name of the flag."""

    @abstractmethod
    def tasks(self) -> list[str]:
        """Return the ids to propose; there may be more."""

    @abstractmethod
    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--device`` and what else the start of an environment asks for."""

    @abstractmethod
    def plan(self, args: argparse.Namespace, overrides: Sequence[str], *, play: bool = False) -> EnvPlan:
        """Check the task, the device and the environment's tokens without starting anything.

        Args:
            args: Parsed command line with ``task`` and ``device``; where that is None, it is the GPU if there is one.
            overrides: Tokens ``env.field=value``, ``physics=``, ``renderer=`` and ``presets=``.
            play: Whether to apply the task's settings for playing.

        Raises:
            ConfigError: If something is unknown or impossible here; names the nearest valid one.
        """

    @abstractmethod
    def restore(self, plan: EnvPlan, args: argparse.Namespace, run_dir: Path, overrides: Sequence[str]) -> EnvPlan:
        """Return the plan with the settings that a run wrote down, and the command line's on top.

        Args:
            plan: What :meth:`plan` returned.
            args: Parsed command line.
            run_dir: Directory of the run; what it does not tell is as planned.
            overrides: Tokens of the command line.

        Raises:
            ConfigError: If a setting cannot be used; names it.
        """

    def bounded(self, plan: EnvPlan, limits: ActionLimits) -> EnvPlan:
        """Return the plan with its agents and identity, now that it is known what bounds of actions may be.

        Those of built-in environments are fixed.

        Raises:
            UserError: If a bound of an action cannot be scaled; names agent and column.
        """
        del limits
        return plan

    @abstractmethod
    def record(self, plan: EnvPlan, path: Path, *, num_envs: int, seed: int) -> None:
        """Write the settings of an environment as YAML, from which :meth:`restore` can take them.

        Args:
            plan: The environment, not running yet.
            path: File to write.
            num_envs: Number of parallel environments.
            seed: Seed of the environment's random numbers.
        """

    @abstractmethod
    def open(
        self, plan: EnvPlan, args: argparse.Namespace, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
    ) -> AbstractContextManager[MultiAgentVecEnv]:
        """Run a planned environment, and free what it holds at the end.

        Args:
            plan: The environment.
            args: Parsed command line with the launcher's arguments.
            num_envs: Number of parallel environments.
            seed: Seed of the environment's random numbers.
            log_dir: Directory of the run.
            video_folder: Folder of the videos below ``<log_dir>/videos``.
        """

    @abstractmethod
    def has_picture(self, task: str) -> bool:
        """Tell whether videos of a task can be recorded."""

    @abstractmethod
    def video_steps(self, plan: EnvPlan, args: argparse.Namespace) -> int:
        """Return the steps after which every recorder has finished its first clip."""

    @abstractmethod
    def details(self, plan: EnvPlan) -> list[str]:
        """Return what the line that announces a run says of the environment."""


def choose_device(given: str | None) -> str:
    """Return the device that is wanted, or the GPU if there is one, else the CPU.

    Raises:
        ConfigError: If the device is not there.
    """
    device = given or ("cuda:0" if torch.cuda.is_available() else "cpu")
    kind, colon, index = device.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not index.isdigit())):
        raise ConfigError(f"--device {device} is not a device; it must be cpu, cuda or cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cuda" and int(index or 0) >= count:
        found = f"only {count} GPU(s)" if count else "no CUDA device"
        raise ConfigError(f"--device {device}: this machine has {found}. Leave --device out, or use --device cpu.")
    return device
