# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Small learners for small environments."""

from __future__ import annotations

import torch

from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config

SMALL = [
    "agent.algorithm.warmup_steps_per_env=4",
    "agent.algorithm.replay.capacity=4096",
    "agent.algorithm.replay.batch_size=32",
    "agent.algorithm.actor_batch_size=8",
    "agent.algorithm.actor.hidden_dims=[32, 32]",
    "agent.algorithm.critic.hidden_dims=[32, 32]",
    "agent.algorithm.sampler.num_steps=3",
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",
    "agent.algorithm.issm.num_candidates=16",
]


def make_rollouts(env, *overrides):
    torch.manual_seed(0)
    cfg: TrainConfig = load_config(None, [*SMALL, *overrides])
    return Rollouts(env, cfg, env.device)


def collect(rollouts, env, steps):
    """Let the learner act; return the mean reward per step."""
    obs, total = env.get_observations(), 0.0
    with torch.inference_mode():
        for _ in range(steps):
            obs, reward, done, extras = env.step(rollouts.act(obs))
            rollouts.process_env_step(obs, reward, done, extras)
            total = total + reward.mean()
    return total / steps
