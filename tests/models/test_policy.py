# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Every agent keeps the draw that its own critic values most, and the policy itself stays what it is."""

import torch

import pytest
from fakes import FakeEnv
from tape import capture_by_tapes

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.policy import BestOfPolicy, JointPolicy


def make_policy(env, **settings):
    """Return an untrained policy."""
    torch.manual_seed(0)
    stack = AgentStack(env.agents, env.state_dim)
    actor = DiffusionActor(stack.obs_dim, stack.action_mask, ActorConfig(hidden_dims=[16]), SamplerConfig(num_steps=3))
    return JointPolicy(stack, torch.nn.Identity(), actor, **settings)


def play(env, policy):
    """Return the actions of some steps, in and out of inference mode."""
    actions = []
    for number in range(10):
        with torch.inference_mode(number % 2 == 0):
            actions.append(policy(env.step(torch.full((4, 3), 0.1 * number))[0]))
    return torch.stack(actions)


@pytest.mark.parametrize("choose", ["one", "tempered", "best"])
def test_a_captured_policy_draws_what_it_would_draw_otherwise(monkeypatch, choose):
    captured = capture_by_tapes(monkeypatch)
    drawn = []
    for captures in (True, False):
        policy = make_policy(FakeEnv(), captures=captures)
        if choose == "tempered":
            policy = policy.tempered(0.5)
        if choose == "best":
            policy = BestOfPolicy(policy, lambda obs, action: action.sum(-1) + obs.sum(-1).T.unsqueeze(-1), 4)
        drawn.append(play(FakeEnv(), policy))
    assert captured == ["_actions"]
    assert torch.equal(*drawn)
    assert not torch.equal(drawn[0][-1], drawn[0][-2])


def test_a_policy_that_has_been_moved_to_the_cpu_is_not_captured_there():
    assert torch.equal(play(FakeEnv(), make_policy(FakeEnv(), captures=True)), play(FakeEnv(), make_policy(FakeEnv())))


def test_a_policy_that_has_been_moved_is_captured_anew(monkeypatch):
    captured = capture_by_tapes(monkeypatch)
    actions = []
    for captures in (True, False):
        policy = make_policy(FakeEnv(), captures=captures)
        before = play(FakeEnv(), policy)
        policy.double().float()  # as to another device and back: the parameters are elsewhere now
        for parameter in policy.parameters():
            torch.nn.init.constant_(parameter, 0.1)
        actions.append((before, play(FakeEnv(), policy)))
    (before, after), (expected_before, expected_after) = actions
    assert torch.equal(before, expected_before)
    assert torch.equal(after, expected_after)
    assert captured == ["_actions"] * 2


def test_every_agent_takes_the_best_of_its_own_draws():
    env = FakeEnv(num_envs=64)
    policy = make_policy(env)
    stack, actor = policy.stack, policy.actor
    # the first agent is to go up, all others are to go down
    sign = torch.ones(stack.num_agents, 1, 1).index_fill(0, torch.arange(1, stack.num_agents), -1.0)
    chosen = BestOfPolicy(policy, lambda _, action: sign * action[..., 0], num_draws=16)
    obs = env.get_observations()
    torch.manual_seed(0)
    drawn = actor.sample(policy.normalized(obs), 16)[..., 0]
    torch.manual_seed(0)
    actions = chosen.actions(obs)[..., 0]
    torch.testing.assert_close(actions[:, 0], drawn[0].amax(-1))
    torch.testing.assert_close(actions[:, 1:], drawn[1:].amin(-1).T)
    assert chosen(obs).shape == policy(obs).shape == (64, stack.joint_action(chosen.actions(obs)).shape[1])


def test_temperature_narrows_a_policy_and_leaves_nothing_to_chance_at_zero():
    env = FakeEnv(num_envs=64)
    policy, obs = make_policy(env), env.get_observations()
    width = policy.deviation(obs, num_draws=4096)  # the untrained policy is a Gaussian inside the box
    torch.testing.assert_close(policy.tempered(0.5).deviation(obs, num_draws=4096), width / 2, rtol=0.05, atol=0)
    assert torch.equal(policy.tempered(0.0).actions(obs), policy.tempered(0.0).actions(obs))
    torch.manual_seed(0)
    once = policy.actions(obs)
    torch.manual_seed(0)
    assert torch.equal(policy.tempered(1.0).actions(obs), once)


def test_the_deviation_of_a_policy_is_that_of_its_draws_in_the_dimensions_that_agents_have():
    env = FakeEnv(num_envs=64)
    policy, obs = make_policy(env), env.get_observations()
    drawn = policy.actor.sample(policy.normalized(obs), 4096)
    inside = policy.stack.action_mask.bool()
    assert not inside.all(), "an agent has fewer dimensions than another"
    expected = drawn.std(2).transpose(1, 2)[inside].mean(0)
    state = torch.get_rng_state()
    torch.testing.assert_close(policy.deviation(obs, num_draws=4096), expected, rtol=0.05, atol=0)
    assert torch.equal(torch.get_rng_state(), state), "what is measured does not change what is played"
