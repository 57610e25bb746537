# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every workflow begins with: settings, checkpoint, environment, runner."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rsl_rl.runners import OnPolicyRunner
from rsl_rl.utils import resolve_callable

from ddpl_isaac import run_directory
from ddpl_isaac.algorithms import make_learner
from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.registry import EnvPlan, open_env
from ddpl_isaac.envs.vec_env import ActionLimits, MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.names import path_component
from ddpl_isaac.run_directory import LOG_ROOT
from ddpl_isaac.runners.checkpoint import checkpoint_header, resolve_checkpoint
from ddpl_isaac.runners.checkpoint_identity import check_header
from ddpl_isaac.runtime import ranks
from ddpl_isaac.seeds import Purpose, derive


def settings_of_plan(plan: EnvPlan, overrides: Sequence[str], flags: dict, checkpoint: Path | None) -> TrainConfig:
    """Return the settings of the checkpoint's run if there is one, else of the task, with the command line's on top."""
    source = (run_directory.settings_of(checkpoint) if checkpoint else None) or plan.settings
    cfg = load_config(source, overrides, flags, plan.own)
    if checkpoint is not None and source == plan.settings:
        print(f"There is no {run_directory.SETTINGS_NAME} beside {checkpoint}: the settings of the task apply.")
    if source is None:
        print(f"{plan.task} has no settings for DDPL (ddpl_cfg_entry_point): the defaults of config/ddpl.yaml apply.")
    if cfg.experiment_name == TrainConfig().experiment_name:
        cfg.experiment_name = path_component(re.sub(r"\W", "_", plan.task.lower()))
    _check_classes(cfg)
    plan = bounded(plan, cfg)
    if checkpoint is not None:
        check_header(checkpoint_header(checkpoint), checkpoint, plan.task, plan.declared, asdict(cfg))
    return cfg


def bounded(plan: EnvPlan, cfg: TrainConfig) -> EnvPlan:
    """Return the plan with the bounds of actions that the settings ask for.

    Raises:
        UserError: If an action cannot be scaled; names agent and column.
    """
    return plan.source.bounded(plan, ActionLimits(tuple(cfg.action_bounds), cfg.max_magnitude))


def settings_to_act(plan: EnvPlan, overrides: Sequence[str], flags: dict, checkpoint: Path) -> TrainConfig:
    """Return the settings of the checkpoint's run where nothing is learned, so nothing needs to be kept."""
    cfg = settings_of_plan(plan, overrides, flags, checkpoint)
    cfg.algorithm.replay.capacity = cfg.num_envs * (cfg.algorithm.n_step + 4)
    cfg.algorithm.overlap_learning = False
    return cfg


def find_checkpoint(selector: str, task: str) -> Path:
    """Return the checkpoint that is meant, after a look at its header: errors come before the simulator starts."""
    try:
        path = resolve_checkpoint(selector, LOG_ROOT, task)
    except OSError as error:  # a name that the file system does not take
        raise ConfigError(f"--checkpoint {selector!r} cannot be read: {error.strerror}.") from error
    found = checkpoint_header(path)["task"]
    if found != task:
        raise ConfigError(f"--checkpoint {path} belongs to the task {found}, not to {task}.")
    return path


def as_in_run(plan: EnvPlan, command: CommandLine, checkpoint: Path | None) -> EnvPlan:
    """Return the plan with the environment's settings of the checkpoint's run, the command line's on top."""
    if checkpoint is None:
        return plan
    return plan.source.restore(plan, command.args, checkpoint.parent, command.env)


def check_memory(plan: EnvPlan, cfg: TrainConfig) -> None:
    """Refuse what the device cannot hold, as far as that is known before the environment is opened.

    Raises:
        OutOfMemoryError: If the replay does not fit.
    """
    plan = bounded(plan, cfg)
    if plan.agents:
        stack = AgentStack(plan.agents, plan.state_dim)
        make_learner.check_memory(stack, cfg.num_envs, cfg, plan.device)


def open_plan(
    plan: EnvPlan, args: argparse.Namespace, cfg: TrainConfig, log_dir: Path, video_folder: str
) -> AbstractContextManager[MultiAgentVecEnv]:
    """Open the environment, and start meanwhile what the learner needs."""
    worlds = Purpose.TRAINING_WORLDS if video_folder == "train" else Purpose.JUDGING_WORLDS
    make_learner.start_ahead(cfg, plan.device)
    return open_env(
        bounded(plan, cfg),
        args,
        num_envs=cfg.num_envs,
        seed=derive(cfg.seed, worlds, rank=ranks.rank()),
        log_dir=log_dir,
        video_folder=video_folder,
    )


def make_runner(
    env: MultiAgentVecEnv, plan: EnvPlan, cfg: TrainConfig, run_dir: Path | None, checkpoint: Path | None
) -> OnPolicyRunner:
    """Build the runner of the settings, and load the checkpoint if there is one."""
    runner_class = resolve_callable(cfg.class_name)
    runner = runner_class(env, asdict(cfg), str(run_dir) if run_dir else None, plan.device)
    if checkpoint is not None:
        runner.load(str(checkpoint))
    return runner


def _check_classes(cfg: TrainConfig) -> None:
    """Refuse a class that cannot be imported, before the simulator starts."""
    for key, name in (("class_name", cfg.class_name), ("algorithm.class_name", cfg.algorithm.class_name)):
        try:
            resolve_callable(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(f"'{key}' is '{name}', which cannot be imported: {error}") from error
