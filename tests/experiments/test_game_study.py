# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Values of the games are exact, teams do not mix, and a study tells the classes apart."""

import math
import torch

import pytest

from ddpl_isaac.config import ActorConfig, AlgorithmConfig, IssmConfig, SamplerConfig
from ddpl_isaac.envs.coordination import NEEDLE, make_game
from ddpl_isaac.experiments.game_study import GameStudy, run_study
from ddpl_isaac.experiments.games import GAMES, effort_nash_gap, exact_marginal

S, N, B, M, L = 2, 3, 2, 5, 4


def plain_marginal(game, candidates, others):
    """Play every candidate with every draw of the team it belongs to."""
    values = torch.zeros(S * N, B, M)
    for team in range(S):
        rows = slice(team * N, (team + 1) * N)
        for i in range(N):
            for draw in range(L):
                for j in range(M):
                    joint = others[rows, :, draw].transpose(0, 1).clone()
                    joint[:, i] = candidates[team * N + i, :, j]
                    values[team * N + i, :, j] += game.reward(joint) / L
    return values


@pytest.mark.parametrize("name", GAMES)
def test_exact_values_are_those_of_playing_with_the_own_team(name):
    torch.manual_seed(0)
    game = GAMES[name]
    candidates, others = torch.rand(S * N, B, M, game.action_dim), torch.rand(S * N, B, L, game.action_dim)
    torch.testing.assert_close(exact_marginal(game, N, candidates, others), plain_marginal(game, candidates, others))


def test_rewards_at_known_places():
    assert GAMES["two_modes"].reward(torch.tensor([[0.6], [-0.6]])).item() == pytest.approx(1.0, abs=1e-4)
    assert GAMES["corners"].reward(torch.full((3, 2), 0.7)).item() == pytest.approx(3.05, abs=0.01)
    assert GAMES["needle"].reward(torch.full((3, 2), 0.6)).item() == pytest.approx(3.1, abs=0.01)
    assert GAMES["needle"].reward(torch.tensor([[0.6, 0.6], [0.0, 0.0]])).item() == pytest.approx(0.55, abs=0.01)


def test_the_equilibrium_of_effort_has_no_gap_and_is_the_best_of_all_joint_actions():
    game, equilibrium = GAMES["effort"], torch.full((3, 1), 0.4)
    assert effort_nash_gap(equilibrium.expand(10, 3, 1)).item() == pytest.approx(0.0, abs=1e-9)
    joint = torch.rand(1000, 3, 1, generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0
    assert (game.reward(joint) < game.reward(equilibrium)).all()


def test_the_nash_gap_is_what_the_best_of_many_responses_gains():
    actions = torch.randn(20_000, 2, 1, generator=torch.Generator().manual_seed(0)) * 0.2 - 0.1
    reward, gains = GAMES["effort"].reward, []
    for agent in range(2):
        responses = []
        for action in torch.linspace(-1.0, 1.0, 201):
            joint = actions.clone()
            joint[:, agent] = action
            responses.append(reward(joint).mean())
        gains.append(max(responses) - reward(actions).mean())
    # the draws of an agent and of the others are independent, up to their finite number
    assert effort_nash_gap(actions).item() == pytest.approx(sum(gains).item() / 2, abs=2e-3)


@pytest.mark.parametrize("dim", [1, 3])
def test_the_needle_pays_only_where_all_are(dim):
    game = make_game(NEEDLE, action_dim=dim, width=0.1, hill_width=0.3)
    everyone, one = torch.full((4, dim), 0.6), torch.full((4, dim), 0.6)
    one[1:] = 0.0
    alone = math.exp(-0.36 * dim / (2 * 0.3**2))
    assert game.reward(everyone).item() == pytest.approx(3.0 + alone, abs=1e-5)
    assert game.reward(one).item() == pytest.approx((3.0 + alone) / 4.0, abs=1e-4)
    assert game.hit(one).tolist() == [True, False, False, False]


def config(policy_class):
    return AlgorithmConfig(
        policy_class="diffusion" if policy_class == "ideal" else policy_class,
        actor_batch_size=8,
        candidate_reuse=2,
        actor=ActorConfig(hidden_dims=[32, 32], learning_rate=3e-3),
        compile="eager",
        sampler=SamplerConfig(num_steps=5),
        issm=IssmConfig(num_candidates=32, uniform_share=0.1, reference_window=20),
    )


@pytest.mark.parametrize("policy_class", ["ideal", "diffusion", "gmm"])
def test_every_team_of_a_study_finds_the_two_modes_with_a_class_that_can_hold_them(policy_class):
    study = GameStudy("two_modes", policy_class, num_agents=2, num_seeds=3, refreshes=8)
    history = run_study(study, config(policy_class))
    assert {name: (len(rows), len(rows[0])) for name, rows in history.items()} == dict.fromkeys(history, (9, 3))
    assert max(history["agent_hit"][0]) < 0.5
    assert min(history["agent_hit"][-1]) > 0.6


@pytest.mark.parametrize("policy_class", ["ideal", "diffusion"])
def test_transported_candidates_keep_the_modes(policy_class):
    cfg = config(policy_class)
    cfg.issm.proposal = "transported"
    history = run_study(GameStudy("two_modes", policy_class, num_agents=1, num_seeds=3, refreshes=8), cfg)
    assert min(history["agent_hit"][-1]) > 0.6
    assert min(history["weaker_mode"][-1]) > 0.1


def test_a_gaussian_by_forward_kl_stays_between_the_modes():
    study = GameStudy("two_modes", "gaussian_forward_kl", num_agents=2, num_seeds=3, refreshes=3)
    history = run_study(study, config("gaussian_forward_kl"))
    ideal = run_study(GameStudy("two_modes", "ideal", 2, 3, 3), config("ideal"))
    assert max(history["agent_hit"][-1]) < min(ideal["agent_hit"][-1]) - 0.2


def test_a_seed_gives_the_same_study_again():
    study = GameStudy("corners", "gmm", num_agents=2, num_seeds=2, refreshes=1)
    assert run_study(study, config("gmm")) == run_study(study, config("gmm"))


def test_the_mean_over_the_others_stays_safe_where_the_optimistic_average_climbs():
    ends = {}
    for rule in ("mean", "lse"):
        cfg = config("ideal")
        cfg.critic.marginal, cfg.critic.marginal_samples = rule, 32
        ends[rule] = run_study(GameStudy("climb", "ideal", num_agents=2, num_seeds=8, refreshes=8), cfg)
    assert max(ends["mean"]["joint_hit"][-1]) < 0.1
    assert max(ends["mean"]["return"][-1]) < 2.5
    assert min(ends["lse"]["joint_hit"][-1]) > 0.9
    assert min(ends["lse"]["return"][-1]) > 6.0


def test_the_others_move_more_within_longer_windows():
    changed = {}
    for window in (5, 40):
        cfg = config("gmm")
        cfg.issm.reference_window = window
        history = run_study(GameStudy("corners", "gmm", num_agents=3, num_seeds=8, refreshes=1), cfg)
        noise, changed[window] = (sum(row) / len(row) for row in history["stale"])
        assert changed[window] > noise
    assert changed[40] > 1.5 * changed[5]
