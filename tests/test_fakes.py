# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The fake environment keeps the protocol that the other tests rely on."""

from __future__ import annotations

import torch

import pytest
from fakes import FakeEnv


def test_finished_rows_show_the_last_observation_and_restart_in_the_same_step():
    env = FakeEnv(num_envs=2, max_episode_length=3)
    actions = env.target.expand(2, 3)
    env.step(actions)
    obs, reward, dones, extras = env.step(actions)
    # environment 0 is planned for 2 steps, environment 1 for 3, which is the limit
    assert dones.tolist() == [True, False]
    assert extras["time_outs"].tolist() == [False, False]
    assert extras["final_obs"]["cart"][0].tolist() == [0.0, 0.0, 2.0, 1.0]
    assert obs["cart"].tolist() == [[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 2.0, 1.0]]
    assert reward.tolist() == [1.0, 1.0]
    _, _, dones, extras = env.step(actions)
    assert dones.tolist() == [False, True]
    assert extras["time_outs"].tolist() == [False, True]


def test_sizes_agree_with_the_agents():
    env = FakeEnv()
    obs = env.get_observations()
    assert [obs[agent.name].shape[1] for agent in env.agents] == [agent.obs_dim for agent in env.agents]
    assert sum(agent.action_dim for agent in env.agents) == env.num_actions == len(env.action_bounds()[0])
    assert obs["state"].shape[1] == env.state_dim
    assert "state" not in FakeEnv(with_state=False).get_observations()


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
def test_the_requested_entry_turns_to_nan(entry: str):
    env = FakeEnv(nonfinite_at=(1, 2, entry))
    for step in range(3):
        obs, reward, _, _ = env.step(torch.zeros(4, 3))
        rows = (reward if entry == "reward" else obs[entry].sum(dim=1)).isnan()
        assert rows.tolist() == [False, False, step == 1, False]
