# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Where environments come from, and what is settled about one before it runs."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.vec_env import DEFAULT_LIMITS, ActionLimits, MultiAgentVecEnv


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
    """Tokens of the command line, and of the run that goes on, from which the environment's settings come."""

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

    args: argparse.Namespace = field(default_factory=argparse.Namespace)
    """Flags with which it is opened, those of Isaac Lab's launcher, which writes into them, included."""


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
    def find_task(self, task: str) -> str:
        """Return an id without the module that registers it.

        Raises:
            ConfigError: If there is no such task; names the nearest ones.
        """

    @abstractmethod
    def plan(
        self, args: argparse.Namespace, overrides: Sequence[str], *, run_dir: Path | None = None, play: bool = False
    ) -> EnvPlan:
        """Check the task, the device and the environment's tokens without starting anything.

        Args:
            args: Parsed command line with ``task`` and ``device``; where that is None, it is the GPU if there is one.
            overrides: Tokens ``env.field=value``, ``physics=``, ``renderer=`` and ``presets=``.
            run_dir: Directory of a run whose settings apply below the tokens, as far as it tells them.
            play: Whether to apply the task's settings for playing.

        Raises:
            ConfigError: If something is unknown or impossible here; names the nearest valid one.
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
        """Write the settings of an environment as YAML, from which :meth:`plan` can take them.

        Args:
            plan: The environment, not running yet.
            path: File to write.
            num_envs: Number of parallel environments.
            seed: Seed of the environment's random numbers.
        """

    @abstractmethod
    def open(
        self, plan: EnvPlan, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
    ) -> AbstractContextManager[MultiAgentVecEnv]:
        """Seed torch's own generator, run a planned environment, and free what it holds at the end.

        Args:
            plan: The environment.
            num_envs: Number of parallel environments.
            seed: Seed of the environment's random numbers.
            log_dir: Directory of the run.
            video_folder: Folder of the videos below ``<log_dir>/videos``.
        """

    @abstractmethod
    def has_picture(self, task: str) -> bool:
        """Tell whether videos of a task can be recorded."""

    @abstractmethod
    def video_steps(self, plan: EnvPlan) -> int:
        """Return the steps after which every recorder has finished its first clip."""

    @abstractmethod
    def details(self, plan: EnvPlan) -> list[str]:
        """Return what the line that announces a run says of the environment."""
