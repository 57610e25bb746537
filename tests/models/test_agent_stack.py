# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Agents of different shapes share tensors without touching each other."""

import dataclasses
import torch
from tensordict import TensorDict

import pytest

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.models.agent_stack import AgentStack

AGENTS = (
    AgentSpec("a", 2, slice(0, 1), (0.0,), (10.0,)),
    AgentSpec("b", 3, slice(1, 4), (-1.0, -2.0, -3.0), (1.0, 2.0, 3.0)),
)
OBS = TensorDict({"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([[3.0, 4.0, 5.0]])}, batch_size=[1])


def test_observations_are_padded_to_the_widest():
    stacked = AgentStack(AGENTS, 0).observations(OBS)
    torch.testing.assert_close(stacked, torch.tensor([[[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]]]))


def test_the_state_is_the_environments_own_where_it_has_one():
    own = torch.arange(4.0).unsqueeze(0)
    with_state = TensorDict({**OBS.to_dict(), "state": own}, batch_size=[1])
    torch.testing.assert_close(AgentStack(AGENTS, 4).state(with_state), own)
    assert AgentStack(AGENTS, 0).state(OBS).shape == (1, AgentStack(AGENTS, 0).state_dim)


def test_only_an_agent_that_can_drop_out_does_so_by_seeing_nothing():
    agents = AGENTS[0], dataclasses.replace(AGENTS[1], can_drop_out=True)
    obs = torch.tensor([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]]])
    assert AgentStack(agents, 0).active(obs).tolist() == [[1.0, 1.0], [0.0, 1.0]]


def test_actions_are_scaled_to_each_agents_box_and_padding_is_dropped():
    actions = torch.tensor([[[1.0, 9.0, 9.0], [-1.0, 0.0, 1.0]]])
    joint = AgentStack(AGENTS, 0).joint_action(actions)
    torch.testing.assert_close(joint, torch.tensor([[10.0, -1.0, 0.0, 3.0]]))


def test_no_agent_is_refused():
    with pytest.raises(ValueError, match="at least one agent"):
        AgentStack((), 0)
