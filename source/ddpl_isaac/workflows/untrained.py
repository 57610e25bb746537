# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Zero and random actions, to look at a task before anything is trained on it."""

from __future__ import annotations

import torch
from collections.abc import Callable

from ddpl_isaac.cli import CommandLine, Parser
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.run_directory import LOG_ROOT
from ddpl_isaac.workflows.prepare import PLAY_ENVS, prepare


def untrained_parser(kind: str) -> Parser:
    """Return the parser of a script that steps a task with one kind of actions."""
    parser = Parser(f"Step a task with {kind} actions, to look at it before anything is trained.")
    parser.add_argument("--num_steps", type=int, help="Stop after this many steps.")
    return parser


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
    wanted = command.args.num_steps
    if wanted is not None and wanted < 1:
        raise ConfigError(f"--num_steps is {wanted}; it must be >= 1.")
    prepared = prepare(command, None, learns=False, play=True, num_envs=PLAY_ENVS)
    plan, cfg = prepared.plan, prepared.cfg
    print(f"Stepping {plan.task} in {cfg.num_envs} environments on {plan.device}.", flush=True)
    with prepared.open(LOG_ROOT, "untrained") as env, end_on_user_error(), torch.inference_mode():
        torch.manual_seed(cfg.seed)
        reward, ended, steps = torch.zeros((), device=env.device), torch.zeros((), device=env.device), 0
        env.reset()
        while wanted is None or steps < wanted:
            _, rewards, dones, _ = env.step(action(env))
            reward += rewards.mean()
            ended += dones.sum()
            steps += 1
        print(f"{steps} steps | team reward per step {reward.item() / steps:.4g} | {int(ended.item())} episodes ended")
