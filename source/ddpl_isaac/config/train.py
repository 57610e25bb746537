# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of a training run: those of the run, of the learner and of the baselines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from ddpl_isaac.config.accepted import Count, Each, Name, OneOf, Positive, Range, Seed
from ddpl_isaac.config.learner import AlgorithmConfig

PPOAlgorithm = Annotated[str, OneOf("MAPPO", "IPPO")]


@dataclass
class PPOConfig:
    """MAPPO and IPPO of skrl, the baselines; sizes, discount and normalisation are those of ``algorithm``."""

    algorithm: PPOAlgorithm = "MAPPO"
    """``MAPPO``: the critics see the state; ``IPPO``: what their agent sees."""

    rollout_steps: Count = 64
    """Environment steps between updates, rounded to whole iterations."""

    learning_epochs: Count = 5
    """Passes over a rollout."""

    mini_batches: Count = 4
    """Gradient steps of a pass."""

    learning_rate: Positive = 5.0e-4
    """First learning rate of Adam; the KL of the updates changes it."""

    target_kl: Positive = 0.016
    """KL of an update above twice of which the learning rate falls, and below half of which it grows."""

    gae_lambda: Annotated[float, Range(0.0, 1.0)] = 0.95
    """Decay lambda of generalised advantage estimation."""

    ratio_clip: Positive = 0.2
    """Clip of the probability ratio."""

    entropy_loss_scale: Annotated[float, Range(0.0)] = 0.0
    """Weight of the entropy bonus."""

    value_loss_scale: Positive = 2.0
    """Weight of the value loss."""

    max_grad_norm: Positive = 1.0
    """Clip of the norm of an agent's gradient."""

    initial_std: Annotated[float, Range(0.0, 1.0, open_low=True)] = 0.5
    """Standard deviation of the untrained policy, in units of the box half-width."""


@dataclass
class TrainConfig:
    """A training run. ``agent.`` on the command line."""

    class_name: str = "ddpl_isaac.runners.diffusion_actor_runner:DiffusionActorRunner"
    """Runner, as ``module:Class``."""

    experiment_name: Annotated[str, Name()] = "default"
    """Folder of the task's runs below ``logs/ddpl``."""

    run_name: Annotated[str, Name(may_be_empty=True)] = ""
    """Suffix of the run's folder."""

    seed: Seed = 1
    """Seed of all random generators."""

    num_envs: Count = 64
    """Parallel environments. The task's file says otherwise, else its environment's configuration."""

    max_iterations: Count = 1_000
    """Iterations of collection and learning."""

    num_steps_per_env: Count = 8
    """Environment steps per iteration and environment."""

    max_broken_share: Annotated[float, Range(0.0, 1.0)] = 0.1
    """Share of environments that may break (non-finite or huge numbers) in an iteration; more end the run."""

    max_magnitude: Positive = 1.0e6
    """Largest magnitude of an observation, a reward or an action's bound; beyond it an environment is broken."""

    action_bounds: Annotated[list[float], Each(Range(-1e6, 1e6), may_be_empty=True)] = field(default_factory=list)
    """Bounds [low, high] for infinite ones; empty: [-1, 1] where both are infinite."""

    save_interval: Count = 50
    """Iterations between checkpoints."""

    save_replay: bool = True
    """Store the replay in the checkpoint that ``--checkpoint latest`` resumes from."""

    logger: Annotated[str, OneOf("tensorboard")] = "tensorboard"
    """Writer of the scalars."""

    algorithm: AlgorithmConfig = field(default_factory=AlgorithmConfig)

    ppo: PPOConfig = field(default_factory=PPOConfig)

    def contradictions(self) -> Iterator[tuple[str, Any, str]]:
        """Yield (path, value, what is valid) for every field that contradicts another one."""
        issm, replay = self.algorithm.issm, self.algorithm.replay
        if issm.kl_budget >= math.log(issm.num_candidates):
            limit = f"< {math.log(issm.num_candidates):.3g}, the logarithm of algorithm.issm.num_candidates"
            yield "algorithm.issm.kl_budget", issm.kl_budget, limit
        bounds = self.action_bounds
        if bounds and (len(bounds) != 2 or not bounds[0] < bounds[1]):
            yield "action_bounds", bounds, "empty, or [low, high] with low < high"
        smallest = self.num_envs * (self.algorithm.n_step + 2)
        if replay.capacity < smallest:
            yield "algorithm.replay.capacity", replay.capacity, f">= {smallest}, which is num_envs * (n_step + 2)"
