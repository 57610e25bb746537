# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Zero and random actions, to look at a task before anything is trained on it."""

from __future__ import annotations

import torch
from collections.abc import Callable

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config_loader import ConfigError
from ddpl_isaac.envs.registry import open_env, plan_env
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.run_directory import LOG_ROOT
from ddpl_isaac.seeds import Purpose, derive
from ddpl_isaac.workflows.acting import PLAY_ENVS
from ddpl_isaac.workflows.opening import bounded, settings_of_plan


def act_zero(command: CommandLine) -> None:
    """Step a task with the joint action zero."""
    _act(command, zero_action)


def act_at_random(command: CommandLine) -> None:
    """Step a task with joint actions drawn uniformly between their bounds."""
    _act(command, random_action)


def zero_action(env: MultiAgentVecEnv) -> torch.Tensor:
    """Return the joint action zero. Shape: (num_envs, num_actions)."""
    return torch.zeros(env.num_envs, env.num_actions, device=env.device)


def random_action(env: MultiAgentVecEnv) -> torch.Tensor:
    """Draw joint actions uniformly between their bounds. Shape: (num_envs, num_actions)."""
    low, high = env.action_bounds()
    return low + (high - low) * torch.rand(env.num_envs, env.num_actions, device=env.device)


def _act(command: CommandLine, action: Callable[[MultiAgentVecEnv], torch.Tensor]) -> None:
    """Step a task until interrupted or for ``--num_steps``, then print what came of it.

    Raises:
        ConfigError: If the command line cannot be used.
    """
    args = command.args
    if args.num_steps is not None and args.num_steps < 1:
        raise ConfigError(f"--num_steps is {args.num_steps}; it must be >= 1.")
    plan = plan_env(args, command.env, play=True)
    num_envs = plan.own.get("num_envs", PLAY_ENVS) if args.num_envs is None else args.num_envs
    cfg = settings_of_plan(plan, command.agent, {"num_envs": num_envs, "seed": args.seed}, None)
    worlds = {"num_envs": cfg.num_envs, "seed": derive(cfg.seed, Purpose.JUDGING_WORLDS)}
    print(f"Stepping {plan.task} in {cfg.num_envs} environments on {plan.device}.", flush=True)
    opened = open_env(bounded(plan, cfg), args, **worlds, log_dir=LOG_ROOT, video_folder="untrained")
    with opened as env, end_on_user_error(), torch.inference_mode():
        reward, ended, steps = torch.zeros((), device=env.device), torch.zeros((), device=env.device), 0
        env.reset()
        while args.num_steps is None or steps < args.num_steps:
            _, rewards, dones, _ = env.step(action(env))
            reward += rewards.mean()
            ended += dones.sum()
            steps += 1
        print(f"{steps} steps | team reward per step {reward.item() / steps:.4g} | {int(ended.item())} episodes ended")
