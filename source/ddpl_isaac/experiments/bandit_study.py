# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Contextual bandits of known values in many dimensions: what candidates can say about a target (docs/method.md).

The best action depends on what is seen, as in control and unlike in :mod:`~ddpl_isaac.experiments.game_study`.
Shapes: S seeds, B states, M candidates, O observation, D action.
"""

from __future__ import annotations

import math
import torch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from ddpl_isaac.algorithms.policy_improvement import PolicyImprovement, States
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.config.accepted import Count, OneOf, Range, Seed
from ddpl_isaac.config.learner import PolicyClass
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.seeds import Purpose, derive

_OBS_DIM, _WIDTH, _REACH = 18, 64, 0.8
_SHARPNESS = 2.0
_WAVES, _FREQUENCY = 8, 2.0
_STATES, _DRAWS = 256, 8
"""States and draws of each by which a policy is judged."""


def one_mode(action_SBMD: torch.Tensor, best_SBD: torch.Tensor) -> torch.Tensor:
    """Value -|a - mu(o)|^2. Shape: (S, B, M)."""
    return -(action_SBMD - best_SBD.unsqueeze(2)).square().sum(-1)


def two_modes(action_SBMD: torch.Tensor, best_SBD: torch.Tensor) -> torch.Tensor:
    """Smooth maximum of the values -|a - mu(o)|^2 and -|a + mu(o)|^2, both of which are best. Shape: (S, B, M)."""
    values = torch.stack((one_mode(action_SBMD, best_SBD), one_mode(action_SBMD, -best_SBD)))
    return (values * _SHARPNESS).logsumexp(0) / _SHARPNESS


BANDITS = {"one_mode": one_mode, "two_modes": two_modes}


class BestActions:
    """mu(o) of every seed: a random network of two layers, frozen."""

    def __init__(self, num_seeds: int, action_dim: int, generator: torch.Generator) -> None:
        """Draw the weights."""
        self.first = torch.randn(num_seeds, _OBS_DIM, _WIDTH, generator=generator) * 2.0 / math.sqrt(_OBS_DIM)
        self.second = torch.randn(num_seeds, _WIDTH, action_dim, generator=generator) * 2.0 / math.sqrt(_WIDTH)

    def __call__(self, obs_SBO: torch.Tensor) -> torch.Tensor:
        """Return the best actions, within the box. Shape: (S, B, D)."""
        return _REACH * torch.tanh(torch.tanh(obs_SBO @ self.first) @ self.second)


def waves(action_SBMD: torch.Tensor, phase_SBW: torch.Tensor, frequency_SDW: torch.Tensor) -> torch.Tensor:
    """Return what a critic may get wrong: waves over the actions, of variance 1. Shape: (S, B, M)."""
    phase = torch.einsum("sbmd,sdw->sbmw", action_SBMD, frequency_SDW) + phase_SBW.unsqueeze(2)
    return phase.sin().sum(-1) * math.sqrt(2.0 / _WAVES)


@dataclass(frozen=True)
class BanditStudy:
    """A bandit, who learns it, and by which random numbers."""

    bandit: Annotated[str, OneOf(*BANDITS)]
    """Name of the bandit."""

    policy_class: PolicyClass
    """A policy class of the learner."""

    action_dim: Count
    """Dimensions D of an action."""

    num_seeds: Count = 3
    """Bandits and policies that learn side by side."""

    refreshes: Count = 20
    """Mirror steps."""

    noise: Annotated[float, Range(0.0)] = 0.0
    """Standard deviation of the error in the values that the learner sees, drawn anew for every batch."""

    seed: Seed = 1
    """Seed of all of them."""

    @property
    def method(self) -> str:
        """What is compared."""
        return self.policy_class

    @property
    def group(self) -> str:
        """What it is compared on."""
        return f"{self.bandit}_d{self.action_dim}" + (f"_noise{self.noise:g}" if self.noise else "")

    def run(self, settings: Sequence[str], folder: Path, scripts: Path) -> dict[str, Any]:  # noqa: ARG002
        """Take the mirror steps; needs neither folder nor scripts.

        Returns:
            ``history``: what :func:`run_bandit` returns.
        """
        own = f"agent.algorithm.policy_class={self.policy_class}"
        return {"history": run_bandit(self, load_config(None, [*settings, own]).algorithm)}


def run_bandit(study: BanditStudy, cfg: AlgorithmConfig) -> dict[str, list[list[float]]]:
    """Take the mirror steps and judge the policies after each.

    Args:
        study: What to do.
        cfg: Settings of the learner, of which those of the replay and the critic are without use.

    Returns:
        By metric: a row per mirror step, the first before any, with a value per seed. ``return``: exact value of the
        policy from which the next mirror step begins, 0 at best; ``std``: standard deviation of an action in a state;
        ``weaker_mode`` of two modes: share of the draws that are nearer to the rarer mode, mean over states.
    """
    torch.manual_seed(derive(study.seed, Purpose.GAMES))
    bandits = torch.Generator().manual_seed(derive(study.seed, Purpose.GAMES, index=1))
    best = BestActions(study.num_seeds, study.action_dim, bandits)
    mask = torch.ones(study.num_seeds, study.action_dim)
    improvement = PolicyImprovement(_OBS_DIM, mask, cfg, "cpu", marginal_samples=0)

    def states() -> States:
        obs_SBO = torch.randn(study.num_seeds, cfg.actor_batch_size, _OBS_DIM)
        active = torch.ones(study.num_seeds, cfg.actor_batch_size)
        return States(obs_SBO.transpose(0, 1), _values(study, best(obs_SBO)), active)

    history = [_judge(study, improvement, best)]
    for _ in range(study.refreshes):
        for _ in range(cfg.issm.reference_window):
            improvement.step(states)
        history.append(_judge(study, improvement, best))
    return {name: [row[name] for row in history] for name in history[0]}


def _values(study: BanditStudy, best_SBD: torch.Tensor) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the values that the learner sees at a batch of states."""
    exact = partial(BANDITS[study.bandit], best_SBD=best_SBD)
    if not study.noise:
        return lambda action_SBMD, _: exact(action_SBMD)
    phase = torch.rand(*best_SBD.shape[:2], _WAVES) * 2.0 * math.pi
    frequency = torch.randn(study.num_seeds, study.action_dim, _WAVES) * _FREQUENCY
    return lambda action_SBMD, _: exact(action_SBMD) + study.noise * waves(action_SBMD, phase, frequency)


def _judge(study: BanditStudy, improvement: PolicyImprovement, best: BestActions) -> dict[str, list[float]]:
    """Return the metrics of every seed."""
    obs_SBO = torch.randn(study.num_seeds, _STATES, _OBS_DIM)
    action, mode = improvement.policy.sample(obs_SBO.transpose(0, 1), _DRAWS), best(obs_SBO)
    metrics = {"return": BANDITS[study.bandit](action, mode).mean((1, 2)), "std": action.std(2).mean((1, 2))}
    if study.bandit == "two_modes":
        share = (one_mode(action, mode) > one_mode(action, -mode)).float().mean(2)
        metrics["weaker_mode"] = torch.minimum(share, 1.0 - share).mean(1)
    return {name: value.tolist() for name, value in metrics.items()}
