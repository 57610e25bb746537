# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How wrong a learned critic is where it matters, in games whose values are known (docs/method.md §5).

Shapes: A agents, M candidates, L draws of the others, D action.
"""

from __future__ import annotations

import torch
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from ddpl_isaac.algorithms.policy_improvement import Marginal
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.coordination import TASKS, CoordinationEnv, Game, make_game
from ddpl_isaac.experiments.games import exact_marginal
from ddpl_isaac.run_directory import ENV_SETTINGS_NAME, SETTINGS_NAME
from ddpl_isaac.runners.make_runner import make_runner

_UNIFORM, _PLACES, _OTHERS = 4096, 256, 256
_AT_ONCE = 128
"""Candidates whose values for all draws of the others are held at once: 6 agents' 4096 would take 20 GB."""


def is_known(task: str) -> bool:
    """Return whether the values of a task are known."""
    return task in TASKS


def critic_error_of_run(task: str, checkpoint: Path) -> dict[str, float]:
    """Return the errors of the critic of a checkpoint, against the policies of that checkpoint.

    Args:
        task: A coordination game.
        checkpoint: A checkpoint in the directory of its run.
    """
    cfg = load_config(checkpoint.parent / SETTINGS_NAME)
    cfg.algorithm.compile, cfg.algorithm.overlap_learning = "eager", False
    rules: Any = OmegaConf.to_container(OmegaConf.load(checkpoint.parent / ENV_SETTINGS_NAME))
    env = CoordinationEnv(task, cfg.num_envs, **rules)
    runner = make_runner(env, cfg, "cpu", checkpoint=checkpoint)
    runner.alg.eval_mode()
    alg = runner.alg
    learner: Any = alg.learner  # one that has critics of actions
    with torch.no_grad():
        seen = env.get_observations()[:1]
        obs = learner.obs_normalizer(alg.stack.observations(seen))
        state = learner.state_normalizer(alg.stack.state(seen))
        others = learner.improvement.policy.sample(obs, _OTHERS)

        def learned(candidates_ABMD: torch.Tensor, others_ABLD: torch.Tensor) -> torch.Tensor:
            return learner.critic.marginal(state, obs, candidates_ABMD, others_ABLD) / learner.reward_scale

        rules.pop("num_agents", None)
        return critic_error(learned, make_game(task, **rules), others)


def critic_error(learned: Marginal, game: Game, others_ABLD: torch.Tensor) -> dict[str, float]:
    """Return the mean absolute error of Qbar_i, up to a constant that the weights do not see.

    Args:
        learned: The critic's Qbar, in units of the reward.
        game: The game.
        others_ABLD: Draws of the policies of the agents.

    Returns:
        ``critic_error_far``: where an agent is in a far mode; ``critic_error_middle``: within .1 of the origin;
        ``critic_error_uniform``: anywhere in the box. Constant values, which know nothing, have errors of
        ``critic_spread_far`` and so on.
    """
    num_agents, dim = len(others_ABLD), game.action_dim
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(num_agents, 1, _UNIFORM, dim, generator=generator) * 2.0 - 1.0
    # what hits of very many, for each agent the same
    many = torch.rand(1_000_000, 1, dim, generator=generator) * 2.0 - 1.0
    far = many[game.hit(many)[:, 0]][:_PLACES, 0].expand(num_agents, 1, -1, -1)
    middle = (torch.rand(num_agents, 1, _PLACES, dim, generator=generator) * 2.0 - 1.0) * 0.1
    places = {"far": far, "middle": middle, "uniform": uniform}
    found = {
        name: torch.cat([learned(part, others_ABLD) for part in action.split(_AT_ONCE, dim=2)], dim=2)
        for name, action in places.items()
    }
    exact = {name: exact_marginal(game, num_agents, action, others_ABLD) for name, action in places.items()}
    found_zero, exact_zero = (values["uniform"].mean(-1, keepdim=True) for values in (found, exact))
    errors = {}
    for name in places:
        distance = (found[name] - found_zero) - (exact[name] - exact_zero)
        errors[f"critic_error_{name}"] = distance.abs().mean().item()
        errors[f"critic_spread_{name}"] = (exact[name] - exact_zero).abs().mean().item()
    return errors
