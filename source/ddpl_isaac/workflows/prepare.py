# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every workflow begins with: environment, settings and checkpoint that fit together, before anything runs."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from rsl_rl.utils import resolve_callable

from ddpl_isaac import run_directory
from ddpl_isaac.algorithms import make_learner
from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.source import EnvPlan
from ddpl_isaac.envs.vec_env import ActionLimits, MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.names import experiment_of
from ddpl_isaac.runners.checkpoint import find_checkpoint
from ddpl_isaac.runners.checkpoint_identity import check_header
from ddpl_isaac.runtime import ranks
from ddpl_isaac.seeds import Purpose, derive

PLAY_ENVS = 16
"""Environments of a playback or an export unless ``--num_envs`` says otherwise."""


@dataclass(frozen=True)
class Prepared:
    """What a command asks for, checked as far as that is possible before anything runs."""

    plan: EnvPlan
    """The environment, with the bounds of its actions settled."""

    cfg: TrainConfig
    """Settings of the training."""

    checkpoint: Path | None
    """File to go on from, or None for new networks."""

    def open(self, log_dir: Path, video_folder: str) -> AbstractContextManager[MultiAgentVecEnv]:
        """Open the environment, and start meanwhile what the learner needs.

        Args:
            log_dir: Directory of the run.
            video_folder: Folder of the videos below ``<log_dir>/videos``; ``train`` has episodes of its own.
        """
        worlds = Purpose.TRAINING_WORLDS if video_folder == "train" else Purpose.JUDGING_WORLDS
        seed = derive(self.cfg.seed, worlds, rank=ranks.rank())
        make_learner.start_ahead(self.cfg, self.plan.device)
        where = {"log_dir": log_dir, "video_folder": video_folder}
        return self.plan.source.open(self.plan, num_envs=self.cfg.num_envs, seed=seed, **where)


def prepare(
    command: CommandLine,
    checkpoint: str | Path | None,
    *,
    learns: bool = True,
    play: bool = False,
    num_envs: int | None = None,
) -> Prepared:
    """Find the environment and the checkpoint, settle all settings, and check that they fit together.

    Args:
        command: Parsed command line.
        checkpoint: ``latest`` or a file; None for new networks.
        learns: Whether the replay is needed.
        play: Whether the task's settings for playing apply.
        num_envs: Environments where neither the command line nor a task's settings for playing tell their number; None
            leaves it to the run or the task.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        OutOfMemoryError: If the replay does not fit, as far as that is known.
    """
    source, task = command.source, command.source.find_task(command.args.task)
    found = find_checkpoint(checkpoint, run_directory.LOG_ROOT, task) if checkpoint is not None else None
    path = found.path if found else None
    plan = source.plan(command.args, command.env, run_dir=path.parent if path else None, play=play)
    cfg = _settings(plan, command, path, num_envs)
    plan = source.bounded(plan, ActionLimits(tuple(cfg.action_bounds), cfg.max_magnitude))
    if found:
        check_header(found.header, found.path, task, plan.declared, asdict(cfg))
    if not learns:
        cfg.algorithm.replay.capacity = cfg.num_envs * (cfg.algorithm.n_step + 4)
        cfg.algorithm.overlap_learning = False
    elif plan.agents:
        make_learner.check_memory(AgentStack(plan.agents, plan.state_dim), cfg.num_envs, cfg, plan.device)
    return Prepared(plan, cfg, path)


def prepare_trained(command: CommandLine, *, play: bool = False, num_envs: int | None = None) -> tuple[Prepared, Path]:
    """Return what :func:`prepare` does where a trained team acts and nothing is learned, and its checkpoint."""
    prepared = prepare(command, command.args.checkpoint, learns=False, play=play, num_envs=num_envs)
    assert prepared.checkpoint is not None
    return prepared, prepared.checkpoint


def check_temperature(temperature: float) -> None:
    """Refuse what no noise can be multiplied by.

    Raises:
        ConfigError: If the temperature is negative or no number.
    """
    if not 0.0 <= temperature < math.inf:
        raise ConfigError(
            f"--temperature is {temperature:g}; it must be a number >= 0: 1 for the policy itself, 0 for no noise."
        )


def _settings(plan: EnvPlan, command: CommandLine, checkpoint: Path | None, num_envs: int | None) -> TrainConfig:
    """Return the settings of the checkpoint's run if there is one, else of the task, with the command line's on top."""
    file = (run_directory.settings_of(checkpoint) if checkpoint else None) or plan.settings
    flags = {name: getattr(command.args, name, None) for name in ("num_envs", "max_iterations", "seed", "run_name")}
    if flags["num_envs"] is None:
        flags["num_envs"] = plan.own.get("num_envs", num_envs) if plan.play else num_envs
    cfg = load_config(file, command.agent, flags, plan.own)
    if checkpoint is not None and file == plan.settings:
        print(f"There is no {run_directory.SETTINGS_NAME} beside {checkpoint}: the settings of the task apply.")
    if file is None:
        print(f"{plan.task} has no settings for DDPL (ddpl_cfg_entry_point): the defaults of config/ddpl.yaml apply.")
    if cfg.experiment_name == TrainConfig().experiment_name:
        cfg.experiment_name = experiment_of(plan.task)
    _check_classes(cfg)
    return cfg


def _check_classes(cfg: TrainConfig) -> None:
    """Refuse a class that cannot be imported, before the simulator starts."""
    for key, name in (("class_name", cfg.class_name), ("algorithm.class_name", cfg.algorithm.class_name)):
        try:
            resolve_callable(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(f"'{key}' is '{name}', which cannot be imported: {error}") from error
