# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Every agent keeps the draw that its own critic values most, and the policy itself stays what it is."""

import torch

from fakes import FakeEnv

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.policy import BestOfPolicy, JointPolicy


def test_every_agent_takes_the_best_of_its_own_draws():
    env = FakeEnv(num_envs=64)
    stack = AgentStack(env.agents, env.state_dim)
    actor = DiffusionActor(stack.obs_dim, stack.action_mask, ActorConfig(hidden_dims=[16]), SamplerConfig(num_steps=3))
    policy = JointPolicy(stack, torch.nn.Identity(), actor)
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
