# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Mirror steps on a stateless game with exact values: policy classes compared, all else equal (docs/method.md §5).

All seeds are one batched program: S teams of n agents are A = S n networks of one stack.
"""

from __future__ import annotations

import torch
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from ddpl_isaac.algorithms.policy_improvement import Marginal, PolicyImprovement, States
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.config.accepted import Count, OneOf, Seed
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.config.schema import choices
from ddpl_isaac.diffusion.importance import importance_weights
from ddpl_isaac.experiments.exact_target import ExactTarget
from ddpl_isaac.experiments.games import GAMES, effort_nash_gap, exact_marginal
from ddpl_isaac.experiments.particles import ParticleImprovement
from ddpl_isaac.seeds import Purpose, derive

_DRAWS = 1024
"""Actions per agent from which a policy is judged."""


@dataclass(frozen=True)
class GameStudy:
    """A game, who learns it, and by which random numbers."""

    game: Annotated[str, OneOf(*GAMES)]
    """Name of the game."""

    policy_class: Annotated[str, OneOf(*choices("algorithm.policy_class"), "ideal")]
    """A policy class of the learner, or ``ideal``: resampled particles, an unrestricted class with the same noise."""

    num_agents: Count
    """Agents of a team."""

    num_seeds: Count = 16
    """Teams that learn side by side."""

    refreshes: Count = 16
    """Mirror steps."""

    seed: Seed = 1
    """Seed of all of them."""

    @property
    def method(self) -> str:
        """What is compared."""
        return self.policy_class

    @property
    def group(self) -> str:
        """What it is compared on."""
        return f"{self.game}_n{self.num_agents}"

    def run(self, settings: Sequence[str], folder: Path, scripts: Path) -> dict[str, Any]:  # noqa: ARG002
        """Take the mirror steps; needs neither folder nor scripts.

        Returns:
            ``history``: what :func:`run_study` returns.
        """
        # particles have no network to choose
        own = [] if self.policy_class == "ideal" else [f"agent.algorithm.policy_class={self.policy_class}"]
        return {"history": run_study(self, load_config(None, [*settings, *own]).algorithm)}


def run_study(study: GameStudy, cfg: AlgorithmConfig) -> dict[str, list[list[float]]]:
    """Take the mirror steps and judge the policies after each.

    Args:
        study: What to do.
        cfg: Settings of the learner, of which those of the replay and the critic's networks are without use;
            ``critic.marginal_samples`` is the number of draws of the others, ``critic.marginal`` how they are averaged.

    Returns:
        By metric: a row per mirror step, the first before any, with a value per seed. ``agent_hit``: share of an
        agent's actions that hit, mean over agents; ``joint_hit``: share of joint actions that all hit; ``return``;
        ``weaker_mode``: share of the rarer sign among the first coordinates that hit; ``std``: standard deviation of
        an action; ``nash_gap`` in the game of effort: what an agent gains by its best response; ``tv`` for one agent
        with one action dimension: total variation to what exact mirror steps at the same temperatures lead to;
        ``stale`` for several agents with a network: total variation between the weights that the window used and those
        that the others' policies at its end would give, of which the first row is the part that is noise.
    """
    torch.manual_seed(derive(study.seed, Purpose.GAMES))
    game, rows = GAMES[study.game], study.num_seeds * study.num_agents
    improvement_class = ParticleImprovement if study.policy_class == "ideal" else PolicyImprovement
    mask = torch.ones(rows, game.action_dim)
    improvement = improvement_class(1, mask, cfg, "cpu", cfg.critic.marginal_samples)
    obs = torch.ones(cfg.actor_batch_size, rows, 1)
    states = States(
        obs, partial(exact_marginal, game, study.num_agents, rule=cfg.critic.marginal), torch.ones(rows, len(obs))
    )
    single = game.action_dim == 1 and study.num_agents == 1
    target = ExactTarget(game, study.num_seeds, cfg) if single else None
    history = [_judge(study, improvement, obs[:1], target)]
    for _ in range(study.refreshes):
        for _ in range(cfg.issm.reference_window):
            improvement.step(lambda: states)
        if target is not None:
            target.step(improvement.eta)
        history.append(_judge(study, improvement, obs[:1], target))
    return {name: [row[name] for row in history] for name in history[0]}


def _judge(
    study: GameStudy, improvement: PolicyImprovement, obs: torch.Tensor, target: ExactTarget | None
) -> dict[str, list[float]]:
    """Return the metrics of every seed."""
    game = GAMES[study.game]
    actions = improvement.policy.sample(obs, _DRAWS)[:, 0].unflatten(0, (-1, study.num_agents)).transpose(1, 2)
    hit = game.hit(actions)  # (S, draws, n)
    positive = ((actions[..., 0] > 0) & hit).sum((1, 2)) / hit.sum((1, 2)).clamp(min=1)
    values = {
        "agent_hit": hit.float().mean((1, 2)),
        "joint_hit": hit.all(-1).float().mean(1),
        "return": game.reward(actions).mean(1),
        "weaker_mode": torch.minimum(positive, 1.0 - positive),
        "std": actions.std(1).mean((1, 2)),
    }
    if study.game == "effort":
        values["nash_gap"] = effort_nash_gap(actions)
    if target is not None:
        values["tv"] = target.total_variation(improvement.policy.sample(obs, 8 * _DRAWS)[:, 0, :, 0])
    if study.num_agents > 1 and study.policy_class != "ideal":
        marginal = partial(exact_marginal, game, study.num_agents, rule=improvement.cfg.critic.marginal)
        values["stale"] = _stale_weights(improvement, obs, marginal)
        values["stale"] = values["stale"].unflatten(0, (-1, study.num_agents)).mean(1)
    return {name: value.tolist() for name, value in values.items()}


def _stale_weights(improvement: PolicyImprovement, obs: torch.Tensor, marginal: Marginal) -> torch.Tensor:
    """Return how much the others' moves within a window change an agent's weights (docs/method.md §2). Shape: (A,)."""
    candidates = improvement.reference.sample(obs, improvement.cfg.issm.num_candidates)
    before, after = (
        importance_weights(marginal(candidates, policy.sample(obs, _DRAWS // 4)), improvement.eta)
        for policy in (improvement.reference, improvement.policy)
    )
    return 0.5 * (before - after).abs().sum(-1)[:, 0]
