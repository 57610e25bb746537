# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What values the fields of :class:`~ddpl_isaac.config.TrainConfig` accept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ddpl_isaac.config import TrainConfig
from ddpl_isaac.names import VALID_NAME, is_valid_name
from ddpl_isaac.seeds import MAX_SEED


@dataclass(frozen=True)
class Range:
    """Numbers that a field accepts; for a list, what each element must be."""

    low: float
    """Lower end."""

    high: float = math.inf
    """Upper end, never part of the range if infinite."""

    open_low: bool = False
    """Whether the lower end is excluded."""

    open_high: bool = False
    """Whether the upper end is excluded."""

    even: bool = False
    """Whether only even numbers are accepted."""

    def __contains__(self, value: float) -> bool:
        """Tell whether a number is finite and in the range."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high or math.isinf(self.high) else value <= self.high
        return above and below and (not self.even or value % 2 == 0)

    def __str__(self) -> str:
        """Describe the range in words of mathematics."""
        if math.isinf(self.high):
            text = f"{'>' if self.open_low else '>='} {self.low:g}"
        else:
            low, high = (int(end) if end == int(end) else end for end in (self.low, self.high))
            text = f"in {'(' if self.open_low else '['}{low}, {high}{')' if self.open_high else ']'}"
        return f"even, {text}" if self.even else text


POSITIVE = Range(0.0, open_low=True)
COUNT = Range(1)
NOT_NEGATIVE = Range(0)
SHARE = Range(0.0, 1.0, open_high=True)

RANGES: dict[str, Range] = {
    "seed": Range(0, MAX_SEED),
    "num_envs": COUNT,
    "max_iterations": COUNT,
    "num_steps_per_env": COUNT,
    "max_broken_share": Range(0.0, 1.0),
    "max_magnitude": POSITIVE,
    "action_bounds": Range(-1e6, 1e6),
    "save_interval": COUNT,
    "algorithm.gamma": SHARE,
    "algorithm.n_step": COUNT,
    "algorithm.warmup_steps": NOT_NEGATIVE,
    "algorithm.critic_updates": COUNT,
    "algorithm.actor_updates": NOT_NEGATIVE,
    "algorithm.actor_batch_size": COUNT,
    "algorithm.candidate_reuse": COUNT,
    "algorithm.clip_obs": POSITIVE,
    "algorithm.max_grad_norm": POSITIVE,
    "algorithm.sampler.num_steps": COUNT,
    "algorithm.actor.hidden_dims": COUNT,
    "algorithm.actor.observation_dims": COUNT,
    "algorithm.actor.time_features": Range(2, even=True),
    "algorithm.actor.action_features": Range(0, even=True),
    "algorithm.actor.initial_std": POSITIVE,
    "algorithm.actor.loss_clip": POSITIVE,
    "algorithm.actor.learning_rate": POSITIVE,
    "algorithm.actor.ema_decay": SHARE,
    "algorithm.critic.hidden_dims": COUNT,
    "algorithm.critic.action_features": Range(0, even=True),
    "algorithm.critic.learning_rate": POSITIVE,
    "algorithm.critic.tau": Range(0.0, 1.0, open_low=True),
    "algorithm.critic.marginal_samples": COUNT,
    "algorithm.issm.num_candidates": Range(2),
    "algorithm.issm.loss_samples": COUNT,
    "algorithm.issm.uniform_share": SHARE,
    "algorithm.issm.transport_budget": POSITIVE,
    "algorithm.issm.kl_budget": POSITIVE,
    "algorithm.issm.eta_range_cap": POSITIVE,
    "algorithm.issm.reference_window": COUNT,
    "algorithm.replay.capacity": COUNT,
    "algorithm.replay.batch_size": COUNT,
    "ppo.rollout_steps": COUNT,
    "ppo.learning_epochs": COUNT,
    "ppo.mini_batches": COUNT,
    "ppo.learning_rate": POSITIVE,
    "ppo.target_kl": POSITIVE,
    "ppo.gae_lambda": Range(0.0, 1.0),
    "ppo.ratio_clip": POSITIVE,
    "ppo.max_grad_norm": POSITIVE,
    "ppo.entropy_loss_scale": NOT_NEGATIVE,
    "ppo.value_loss_scale": POSITIVE,
    "ppo.initial_std": Range(0.0, 1.0, open_low=True),
}
"""Numeric fields by their path."""

MAY_BE_EMPTY = frozenset({"action_bounds", "algorithm.actor.observation_dims"})
"""Lists without which a training can do."""

CHOICES: dict[str, tuple[str, ...]] = {
    "logger": ("tensorboard",),
    "algorithm.policy_class": ("diffusion", "gaussian_reverse_kl", "gaussian_forward_kl", "gmm"),
    "algorithm.sampler.schedule": ("geometric", "cosine"),
    "algorithm.sampler.variance": ("second_order", "beta", "posterior"),
    "algorithm.compile": ("auto", "cuda_graph", "eager"),
    "algorithm.sampler.precision": ("float32", "bfloat16"),
    "algorithm.critic.kind": ("central", "factored", "local"),
    "algorithm.critic.marginal": ("mean", "lse"),
    "algorithm.issm.reference": ("averaged", "latest"),
    "algorithm.issm.values": ("latest", "target"),
    "algorithm.issm.proposal": ("policy", "mixture", "transported"),
    "ppo.algorithm": ("MAPPO", "IPPO"),
}
"""Fields that name one of a few alternatives, by their path."""

NAMES = frozenset({"experiment_name", "run_name"})
"""Fields that become folders."""


def check_field(path: str, value: Any) -> str | None:
    """Return what the field accepts if it does not accept ``value``, else None."""
    if path in CHOICES and value not in CHOICES[path]:
        return " or ".join(f"'{choice}'" for choice in CHOICES[path])
    if path in NAMES:
        return None if is_valid_name(value) and (value or path == "run_name") else VALID_NAME
    if path not in RANGES:
        return None
    if isinstance(value, list):
        accepted = (value or path in MAY_BE_EMPTY) and all(element in RANGES[path] for element in value)
        least = "numbers" if path in MAY_BE_EMPTY else "at least one number"
        return None if accepted else f"a list of {least}, each {RANGES[path]}"
    return None if value in RANGES[path] else str(RANGES[path])


def check_combinations(cfg: TrainConfig) -> Iterator[tuple[str, Any, str]]:
    """Yield (path, value, what is valid) for every field that contradicts another one."""
    issm, replay = cfg.algorithm.issm, cfg.algorithm.replay
    if issm.kl_budget >= math.log(issm.num_candidates):
        limit = f"< {math.log(issm.num_candidates):.3g}, the logarithm of algorithm.issm.num_candidates"
        yield "algorithm.issm.kl_budget", issm.kl_budget, limit
    bounds = cfg.action_bounds
    if bounds and (len(bounds) != 2 or not bounds[0] < bounds[1]):
        yield "action_bounds", bounds, "empty, or [low, high] with low < high"
    smallest = cfg.num_envs * (cfg.algorithm.n_step + 2)
    if replay.capacity < smallest:
        yield "algorithm.replay.capacity", replay.capacity, f">= {smallest}, which is num_envs * (n_step + 2)"
