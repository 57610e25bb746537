# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Marginal values are averages of plain values, and twins and agents do not mix."""

import math
import torch

import pytest

from ddpl_isaac.algorithms.td_target import td_loss
from ddpl_isaac.config import CriticConfig
from ddpl_isaac.models.critic import CRITICS, FactoredCritic, LocalCritic, PooledCritic

A, B, M, L, O, S, D = 3, 4, 5, 2, 6, 7, 2


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(0)
    shapes = ((B, S), (B, A, O), (A, B, M, D), (A, B, L, D))
    return [torch.randn(shape, generator=generator) for shape in shapes]


def plain_marginal(critic, state, obs, candidates, others, reduce):
    """Evaluate every candidate with every draw by the critic's own forward pass."""
    values = torch.empty(A, B, M, L)
    for i in range(A):
        for j in range(M):
            for draw in range(L):
                joint = others[:, :, draw].transpose(0, 1).clone()
                joint[:, i] = candidates[i, :, j]
                values[i, :, j, draw] = critic(state, obs, joint)[:, 0].mean(0)
    return reduce(values)


@pytest.mark.parametrize("kind", ["central", "pooled"])
@pytest.mark.parametrize(
    ("rule", "reduce"),
    [("mean", lambda v: v.mean(-1)), ("lse", lambda v: v.logsumexp(-1) - math.log(L))],
)
def test_the_marginal_averages_over_the_same_draws_for_all_candidates(inputs, kind, rule, reduce):
    critic = CRITICS[kind](A, O, S, D, CriticConfig(hidden_dims=[16, 16], marginal=rule))
    with torch.no_grad():
        torch.testing.assert_close(critic.marginal(*inputs), plain_marginal(critic, *inputs, reduce))


def test_the_pooled_value_does_not_depend_on_the_order_of_agents_until_their_identities_are_learned(inputs):
    critic = PooledCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, _ = inputs
    joint, order = candidates[:, :, 0].transpose(0, 1), [2, 0, 1]
    with torch.no_grad():
        torch.testing.assert_close(critic(state, obs[:, order], joint[:, order]), critic(state, obs, joint))
        critic.identity.normal_(generator=torch.Generator().manual_seed(0))
        assert not torch.allclose(critic(state, obs[:, order], joint[:, order]), critic(state, obs, joint))


def test_the_local_value_of_an_agent_ignores_the_others(inputs):
    critic = LocalCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, others = inputs
    before = critic.marginal(state, obs, candidates, others)
    changed = obs.clone()
    changed[:, 1:] += 1.0
    after = critic.marginal(state, changed, candidates, others)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1])


@pytest.mark.parametrize("kind", ["local", "factored"])
def test_what_an_agent_sees_is_enough_to_value_its_actions(inputs, kind):
    critic = CRITICS[kind](A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, others = inputs
    torch.testing.assert_close(critic.own_value(obs, candidates), critic.marginal(state, obs, candidates, others))


def test_the_local_marginal_is_the_mean_of_the_twins(inputs):
    critic = LocalCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, others = inputs
    values = critic(state, obs, candidates[:, :, 0].transpose(0, 1))
    torch.testing.assert_close(critic.marginal(state, obs, candidates, others)[:, :, 0], values.mean(0))


def hidden_sign(batch):
    """One agent whose observation is always 0 while the state is a sign x, and Q(s, a) = 3 x - (a - x / 2)^2."""
    state = torch.randint(2, (batch, 1)) * 2.0 - 1.0
    action = torch.rand(batch, 1, 1) * 2.0 - 1.0
    return state, torch.zeros(batch, 1, 1), action, 3.0 * state - (action[:, 0] - 0.5 * state).square()


@pytest.mark.parametrize("kind", ["central", "factored"])
def test_only_the_factored_critic_averages_over_what_an_agent_does_not_see(kind):
    torch.manual_seed(0)
    critic = CRITICS[kind](1, 1, 1, 1, CriticConfig(hidden_dims=[32, 32]))
    optimizer = torch.optim.Adam(critic.parameters(), 3e-3)
    for _ in range(1000):
        state, obs, action, target = hidden_sign(128)
        optimizer.zero_grad()
        td_loss(critic(state, obs, action), target.T).backward()
        optimizer.step()
    candidates = torch.linspace(-1.0, 1.0, 41).view(1, 1, 41, 1).expand(1, 2, -1, -1)
    state = torch.tensor([[-1.0], [1.0]])
    with torch.no_grad():
        values = critic.marginal(state, torch.zeros(2, 1, 1), candidates, candidates[:, :, :1])[0]
    best = candidates[0, 0, values.argmax(-1), 0]
    # E[Q | a] = -a^2 + const has its maximum at 0, whatever the sign; Q(s, .) has it at x / 2
    expected = {"central": [-0.5, 0.5], "factored": [0.0, 0.0]}[kind]
    torch.testing.assert_close(best, torch.tensor(expected), atol=0.15, rtol=0.0)
    if kind == "factored":
        torch.testing.assert_close(values[0] - values[0].max(), -candidates[0, 0, :, 0].square(), atol=0.15, rtol=0.0)


def test_the_advantages_of_the_factored_critic_learn_beside_the_twins_but_do_not_bootstrap(inputs):
    critic = FactoredCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    state, obs, candidates, _ = inputs
    arguments = state, obs, candidates[:, :, 0].transpose(0, 1)
    assert critic(*arguments).shape == (2 + A, 1, B)
    torch.testing.assert_close(critic.bootstrap(*arguments), critic(*arguments)[:2])


def test_the_team_value_of_a_candidate_is_that_of_the_joint_action_with_it(inputs):
    state, obs, candidates, _ = inputs
    critic = FactoredCritic(A, O, S, D, CriticConfig(hidden_dims=[16, 16]))
    actions = torch.randn(B, A, D)
    values = critic.team_value(state, actions, candidates)
    for agent in range(A):
        for draw in range(M):
            joint = actions.clone()
            joint[:, agent] = candidates[agent, :, draw]
            expected = critic.bootstrap(state, obs, joint)[:, 0]
            torch.testing.assert_close(values[:, agent, :, draw], expected, atol=1e-5, rtol=0.0)
