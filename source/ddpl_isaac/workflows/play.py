# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Playing what was trained, in a viewer or into a video."""

from __future__ import annotations

import time
import torch
from collections.abc import Callable

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv, step_duration
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.workflows.prepare import PLAY_ENVS, check_temperature, prepare_trained


def play(command: CommandLine) -> None:
    """Play a checkpoint until interrupted, or until the video is recorded.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    args = command.args
    check_temperature(args.temperature)
    prepared, checkpoint = prepare_trained(command, play=True, num_envs=PLAY_ENVS)
    plan, cfg = prepared.plan, prepared.cfg
    print(f"Playing {shown(checkpoint)} in {cfg.num_envs} environments on {plan.device}.", flush=True)
    with prepared.open(checkpoint.parent, "play") as env, end_on_user_error():
        runner = make_runner(env, cfg, plan.device, checkpoint=checkpoint)
        policy = runner.get_inference_policy().tempered(args.temperature)
        steps = plan.source.video_steps(plan) if args.video else args.num_steps
        _play(env, policy, steps, pace=step_duration(env) if args.real_time else 0.0)
    if args.video:
        print(f"Videos: {shown(checkpoint.parent / 'videos' / 'play')}")


def _play(env: MultiAgentVecEnv, policy: Callable, steps: int | None, pace: float) -> None:
    """Step the policy for a number of steps, or without end, at most one step per ``pace`` seconds."""
    obs = env.get_observations()
    done = 0
    while steps is None or done < steps:
        start = time.monotonic()
        with torch.inference_mode():
            obs, _, _, _ = env.step(policy(obs))
        done += 1
        time.sleep(max(0.0, pace - (time.monotonic() - start)))
