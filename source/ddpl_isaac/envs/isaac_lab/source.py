# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tasks of Isaac Lab, the user's own among them, as a source of environments."""

from __future__ import annotations

import argparse
import dataclasses
import logging
import math
import torch
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium as gym

from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.sim import SimulationCfg

from ddpl_isaac.config.loader import resolve_resource
from ddpl_isaac.envs.action_bounds import describe_bounds
from ddpl_isaac.envs.built_in import BUILT_IN
from ddpl_isaac.envs.identity import describe_environment
from ddpl_isaac.envs.isaac_lab.cfg import dump_env_cfg, select_alternatives, split_tokens
from ddpl_isaac.envs.isaac_lab.fields import set_value
from ddpl_isaac.envs.isaac_lab.identity import KIND, origin
from ddpl_isaac.envs.isaac_lab.launch import add_launcher_args, check_launch, open_task
from ddpl_isaac.envs.isaac_lab.run import RunSettings, differences, plain, read_run, restore_values
from ddpl_isaac.envs.isaac_lab.spaces import agent_names, spaces_of_cfg
from ddpl_isaac.envs.isaac_lab.tasks import register_tasks, task_ids, unknown_task
from ddpl_isaac.envs.source import EnvPlan, EnvSource
from ddpl_isaac.envs.vec_env import ActionLimits, MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError, UserError
from ddpl_isaac.runtime.cores import leave_half_of_the_cores
from ddpl_isaac.runtime.device import choose_device
from ddpl_isaac.seeds import MAX_SEED

logger = logging.getLogger(__name__)


class IsaacLab(EnvSource):
    """Every ``DirectMARLEnv`` that is registered with gymnasium, whatever its name."""

    flag_fields = {"num_envs": "env.scene.num_envs", "seed": "env.seed", "device": "env.sim.device"}

    def tasks(self) -> list[str]:
        """Return the ids that are registered by now."""
        return task_ids()

    def add_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add ``--device`` and all flags of Isaac Lab's launcher."""
        add_launcher_args(parser)
        parser.set_defaults(device_explicit=False)

    def find_task(self, task: str) -> str:
        """Return the id, once the module before it has registered it."""
        register_tasks(task)
        name = task.rpartition(":")[2]
        if name not in task_ids():
            raise unknown_task(task, BUILT_IN.tasks())
        return name

    def plan(
        self, args: argparse.Namespace, overrides: Sequence[str], *, run_dir: Path | None = None, play: bool = False
    ) -> EnvPlan:
        """Check the task and its settings."""
        task = self.find_task(args.task)
        cfg, own, tokens = _configure(task, read_run(run_dir), overrides, play=play)
        notes = _limit_episodes(cfg, task)
        # the default of a configuration is a GPU whether there is one or not; another device is meant
        meant = cfg.sim.device if cfg.sim.device != SimulationCfg().device else None
        device = cfg.sim.device = choose_device(args.device or meant)
        args = argparse.Namespace(**{**vars(args), "device": device})
        check_launch(cfg, args)
        # the launcher takes it for a choice of GPUs
        args.distributed = getattr(args, "distributed", False) and device != "cpu"
        spaces_of_cfg(cfg)  # refuses what cannot be used, however bounds are settled
        settings = gym.spec(task).kwargs.get("ddpl_cfg_entry_point")
        path = resolve_resource(settings) if settings else None
        return EnvPlan(task, self, path, device, cfg=cfg, own=own, tokens=tokens, notes=notes, play=play, args=args)

    def bounded(self, plan: EnvPlan, limits: ActionLimits) -> EnvPlan:
        """Settle the bounds of actions, as far as the configuration declares spaces."""
        spaces = spaces_of_cfg(plan.cfg)
        if spaces is None:
            return dataclasses.replace(plan, limits=limits)
        names, agents = agent_names(spaces.actions), spaces.agents(limits)
        bounds = describe_bounds({names[agent]: box for agent, box in spaces.actions.items()}, limits)
        declared = describe_environment(KIND, agents, spaces.state_dim, *origin(plan.cfg, plan.task))
        found = {"agents": agents, "state_dim": spaces.state_dim, "limits": limits, "bounds": bounds}
        return dataclasses.replace(plan, **found, declared=declared)

    def record(self, plan: EnvPlan, path: Path, *, num_envs: int, seed: int) -> None:
        """Write the configuration, before the simulator and the task change it."""
        plan.cfg.scene.num_envs, plan.cfg.seed = num_envs, seed & MAX_SEED
        dump_env_cfg(path, plan.cfg)

    @contextmanager
    def open(
        self, plan: EnvPlan, *, num_envs: int, seed: int, log_dir: Path, video_folder: str
    ) -> Generator[MultiAgentVecEnv]:
        """Start the simulator and make the environment."""
        torch.manual_seed(seed)
        for note in plan.notes:
            logger.warning(note)
        if plan.device == "cpu":
            leave_half_of_the_cores()
        plan.cfg.scene.num_envs, plan.cfg.seed = num_envs, seed & MAX_SEED
        with open_task(plan, log_dir, video_folder) as env:
            yield env

    def has_picture(self, task: str) -> bool:
        """Tell whether videos of a task can be recorded: of all."""
        del task
        return True

    def video_steps(self, plan: EnvPlan) -> int:
        """Return the last step of the first clips."""
        return max(recorder.step_offset + recorder.video_length for recorder in plan.cfg.video_recorders)

    def details(self, plan: EnvPlan) -> list[str]:
        """Return the engine."""
        return [type(plan.cfg.sim.physics).__name__.removesuffix("Cfg")]


ISAAC_LAB = IsaacLab()
"""The one there is."""


def _configure(
    task: str, run: RunSettings, overrides: Sequence[str], *, play: bool
) -> tuple[DirectMARLEnvCfg, dict[str, Any], tuple[str, ...]]:
    """Return a task's configuration by presets, settings of a run, of the task for playing, and of the command line.

    Returns:
        The configuration, the settings of the learner that it brings, and the tokens from which it comes.
    """
    selectors, values = split_tokens(task, overrides)
    run_selectors, run_values = split_tokens(task, run.tokens)
    given = {token.partition("=")[0] for token in selectors}
    kept = [token for token in run_selectors if token.partition("=")[0] not in given]
    cfg = select_alternatives(task, [*kept, *selectors])
    chosen = set()
    if selectors and run.values:
        chosen = set(differences(plain(select_alternatives(task, run_selectors)), plain(cfg)))
    for token in run_values:
        _set_as_in_run(cfg, token)
    restore_values(cfg, run.values, chosen)
    own = _play_mode(cfg) if play else {"num_envs": cfg.scene.num_envs, "seed": cfg.seed}
    for token in values:
        set_value(cfg, token)
    _settle(cfg, task)
    return cfg, own, (*kept, *selectors, *run_values, *values)


def _set_as_in_run(cfg: DirectMARLEnvCfg, token: str) -> None:
    """Apply a token of a run."""
    try:
        set_value(cfg, token)
    except ConfigError as error:
        raise ConfigError(
            f"The run was started with {token}, which the task does not take any more: {error}"
        ) from error


def _play_mode(cfg: DirectMARLEnvCfg) -> dict[str, Any]:
    """Apply the task's settings for playing; return the number of environments if they choose one."""
    before = cfg.scene.num_envs
    if hasattr(cfg, "play_mode"):
        cfg.play_mode()
    return {"num_envs": cfg.scene.num_envs} if cfg.scene.num_envs != before else {}


def _settle(cfg: DirectMARLEnvCfg, task: str) -> None:
    """Let a configuration check itself and derive fields from others, as Isaac Lab does when the environment is made.

    Raises:
        ConfigError: If the configuration refuses its settings.
    """
    try:
        getattr(cfg, "validate_config", lambda: None)()
    except UserError:
        raise
    except (ValueError, TypeError) as error:
        raise ConfigError(f"The configuration of {task} refuses its settings: {error}") from error


def _limit_episodes(cfg: DirectMARLEnvCfg, task: str) -> tuple[str, ...]:
    """Shorten episodes to the ``max_episode_steps`` of the registration, and return what to say about it.

    gymnasium's own wrapper knows a single environment with a single flag.
    """
    steps, step_s = gym.spec(task).max_episode_steps, cfg.sim.dt * cfg.decimation
    if steps is None or math.ceil(cfg.episode_length_s / step_s) <= steps:
        return ()
    longer = cfg.episode_length_s
    # a little less than the last step, so that rounding does not add one
    cfg.episode_length_s = (steps - 1e-6) * step_s
    return (
        f"Episodes of {task} end after {steps} steps, as its registration says (max_episode_steps={steps}), before"
        f" env.episode_length_s={longer:g} is over.",
    )
