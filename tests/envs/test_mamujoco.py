# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The MuJoCo bodies do what gymnasium-robotics' do, many at once."""

import numpy as np
import torch

import pytest

from ddpl_isaac.envs.mamujoco import FAMILY, MujocoTeamEnv
from ddpl_isaac.envs.mamujoco_parts import TASKS
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.seeds import Purpose, derive

pytest.importorskip("gymnasium_robotics")

WALKER_6X1 = ["thigh_joint", "leg_joint", "foot_joint", "thigh_left_joint", "leg_left_joint", "foot_left_joint"]


def make_reference(task):
    from gymnasium_robotics import mamujoco_v1
    from gymnasium_robotics.envs.multiagent_mujoco.obsk import get_parts_and_edges

    _, body, partition, _ = task.split("-")
    factorization = None
    if (body, partition) == ("Walker2d", "6x1"):
        (nodes,), edges, everywhere = get_parts_and_edges(body, None)
        parts = [tuple(node for node in nodes if node.label == label) for label in WALKER_6X1]
        factorization = {"partition": parts, "edges": edges, "globals": everywhere}
    return mamujoco_v1.parallel_env(body, partition, agent_factorization=factorization)


def compare(env, references, obs, expected, row):
    """Compare one environment's observations and state with the reference's, number by number."""
    for agent in env.agents:
        np.testing.assert_array_equal(obs[agent.name][row].numpy(), expected[agent.name].astype(np.float32))
    np.testing.assert_array_equal(obs["state"][row].numpy(), references[row].state().astype(np.float32))


@pytest.mark.parametrize("task", TASKS)
def test_steps_equal_those_of_gymnasium_robotics_to_the_last_digit(task):
    steps, num_envs = 120, 3
    references = [make_reference(task) for _ in range(num_envs)]
    env = MujocoTeamEnv(task, num_envs, seed=7, num_threads=2)
    firsts = [
        reference.reset(seed=derive(7, Purpose.ENVIRONMENT, index=row))[0] for row, reference in enumerate(references)
    ]
    for row, first in enumerate(firsts):
        compare(env, references, env.get_observations(), first, row)
    low, high = env.action_bounds()
    torch.manual_seed(0)
    for _ in range(steps):
        actions = low + (high - low) * torch.rand(num_envs, env.num_actions)
        obs, reward, done, extras = env.step(actions)
        for row, reference in enumerate(references):
            parts = {agent.name: actions[row, agent.action_slice].numpy() for agent in env.agents}
            seen, paid, fell, late, _ = reference.step(parts)
            first, *_ = reference.possible_agents
            assert reward[row].item() == pytest.approx(paid[first], rel=1e-5, abs=1e-5)
            assert bool(done[row]) == (fell[first] or late[first])
            assert bool(extras["time_outs"][row]) == (late[first] and not fell[first])
            compare(env, references, extras["final_obs"] if done[row] else obs, seen, row)
            if done[row]:
                compare(env, references, obs, reference.reset()[0], row)
    env.close()


def test_an_episode_ends_by_time_after_a_thousand_steps():
    env = MujocoTeamEnv("MaMuJoCo-Swimmer-2x1-v0", 2, num_threads=1)
    assert env.max_episode_length == 1000
    env.episode_length_buf = torch.tensor([999, 5])
    _, _, done, extras = env.step(torch.zeros(2, 2))
    assert done.tolist() == extras["time_outs"].tolist() == [True, False]
    assert env.episode_length_buf.tolist() == [0, 6]
    env.close()


def test_a_partition_by_hand_gives_joints_to_agents_in_the_order_they_are_named():
    hand = "ffoot, bthigh | bshin, bfoot, fthigh, fshin"
    env = MujocoTeamEnv("MaMuJoCo-HalfCheetah-v0", 1, partition=hand)
    named = MujocoTeamEnv("MaMuJoCo-HalfCheetah-6x1-v0", 1)  # bthigh bshin bfoot fthigh fshin ffoot
    assert [agent.action_dim for agent in env.agents] == [2, 4]
    actions = torch.rand(1, 6)
    _, by_hand, *_ = env.step(actions)
    _, by_name, *_ = named.step(actions[:, [1, 2, 3, 4, 5, 0]])
    assert torch.equal(by_hand, by_name)
    assert torch.equal(env.get_observations()["state"], named.get_observations()["state"])


@pytest.mark.parametrize(
    ("partition", "expected"),
    [
        ("", "needs agents"),
        ("bthigh,bshin,bfoot||fthigh,fshin,ffoot", "agent 1 has no joint"),
        ("bthigh,bshin|fthigh,fshin,ffoot", "leaves out bfoot"),
        ("bthigh,bshin,bfoot|bfoot,fthigh,fshin,ffoot", "'bfoot' is given 2 times"),
        ("bthigh,bshin,bfot|fthigh,fshin,ffoot", "did you mean 'bfoot'?"),
    ],
)
def test_a_partition_that_does_not_give_every_joint_to_one_agent_is_refused(partition, expected):
    with pytest.raises(ConfigError) as caught:
        FAMILY.check("MaMuJoCo-HalfCheetah-v0", {"num_threads": 0, "partition": partition})
    assert expected in str(caught.value)


@pytest.mark.parametrize("task", ["MaMuJoCo-Cheetah-2x3-v0", "MaMuJoCo-HalfCheetah-2x4-v0", "MaMuJoCo-HalfCheetah"])
def test_an_unknown_body_or_partition_names_the_nearest_tasks(task):
    with pytest.raises(ConfigError, match=r"Unknown task .* Did you mean .*MaMuJoCo-HalfCheetah-2x3-v0"):
        FAMILY.require(task)


def test_the_number_of_threads_changes_nothing_but_the_speed():
    envs = [MujocoTeamEnv("MaMuJoCo-Hopper-3x1-v0", 5, seed=3, num_threads=threads) for threads in (1, 3)]
    for _ in range(50):
        actions = 2.0 * torch.rand(5, 3) - 1.0
        one, three = (env.step(actions) for env in envs)
        assert (one[0] == three[0]).all()
        assert torch.equal(one[1], three[1])


def test_a_picture_is_drawn_without_a_display():
    env = MujocoTeamEnv("MaMuJoCo-HalfCheetah-2x3-v0", 1)
    try:
        picture = env.picture()
    except (RuntimeError, ImportError) as error:
        pytest.skip(f"no renderer: {error}")
    assert picture.shape == (480, 480, 3)
    assert picture.std() > 5
    env.close()
