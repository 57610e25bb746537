# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The particle worlds do what mpe2 1.1.1 does, and restart as the protocol wants it."""

import importlib
import numpy as np
import torch

import pytest
from host_sync import forbid_host_sync

from ddpl_isaac.envs import mpe
from ddpl_isaac.envs.mpe_physics import WorldState, contact_forces, push, without_diagonal
from ddpl_isaac.envs.mpe_worlds import Spread

SEEDS = (0, 1, 2)
REFERENCES = {
    "spread of 3": ("mpe2.simple_spread_v3", {"N": 3}, lambda: mpe.make_world(mpe.SPREAD)),
    "spread of 6": ("mpe2.simple_spread_v3", {"N": 6}, lambda: mpe.make_world(mpe.SPREAD, 6)),
    "reference": ("mpe2.simple_reference_v3", {}, lambda: mpe.make_world("MPE-Reference-v0")),
    "speaker and listener": ("mpe2.simple_speaker_listener_v4", {}, lambda: mpe.make_world("MPE-SpeakerListener-v0")),
}


def make_reference(name):
    module, arguments, make_world = REFERENCES[name]
    pytest.importorskip("mpe2")
    make = importlib.import_module(module).parallel_env
    return [make(continuous_actions=True, max_cycles=25, **arguments) for _ in SEEDS], make_world()


def state_of(references, num_words):
    """Read the states of environments of mpe2 as one batch of double precision."""
    worlds = [reference.unwrapped.world for reference in references]

    def gather(value):
        return torch.from_numpy(np.stack([value(world) for world in worlds]))

    def goals(world):
        goal = [getattr(agent, "_goal_b", None) for agent in world.agents]
        return np.array([0 if landmark is None else world.landmarks.index(landmark) for landmark in goal])

    return WorldState(
        gather(lambda world: np.stack([agent.state.p_pos for agent in world.agents])),
        gather(lambda world: np.stack([agent.state.p_vel for agent in world.agents])),
        gather(lambda world: np.stack([landmark.state.p_pos for landmark in world.landmarks])),
        gather(goals),
        gather(lambda world: np.stack([agent.state.c[:num_words] for agent in world.agents])),
    )


def step_references(references, world, actions):
    """Apply a joint action and return observations, one (environments, size) per agent, and rewards."""
    ends = np.cumsum(world.action_dims)
    results = []
    for reference, row in zip(references, actions, strict=True):
        parts = np.split(row, ends[:-1])
        results.append(reference.step(dict(zip(reference.possible_agents, parts, strict=True)))[:2])
    obs = [np.stack([seen[name] for seen, _ in results]) for name in world.names]
    return obs, np.array([[paid[name] for name in world.names] for _, paid in results])


@pytest.mark.parametrize("name", REFERENCES)
def test_a_thousand_random_steps_equal_those_of_mpe2(name):
    references, world = make_reference(name)
    rng = np.random.default_rng(3)
    for episode in range(40):
        for seed, reference in zip(SEEDS, references, strict=True):
            reference.reset(seed=1000 * seed + episode)
        state = state_of(references, world.num_words)
        ours, theirs = [], []
        for actions in rng.random((25, len(SEEDS), sum(world.action_dims))):
            obs, rewards = step_references(references, world, actions)
            state = world.move(state, torch.from_numpy(actions))
            ours.append([*state, world.rewards(state), *world.observe(state)])
            theirs.append([*state_of(references, world.num_words), rewards, *obs])
        for quantity, (mine, other) in enumerate(zip(zip(*ours), zip(*theirs), strict=True)):  # noqa: B905
            # mpe2 returns observations in single precision
            np.testing.assert_allclose(np.stack(mine), np.stack(other), atol=1e-9 if quantity < 6 else 1e-6)


@pytest.mark.parametrize("name", REFERENCES)
def test_episodes_in_single_precision_stay_close_to_mpe2_and_end_by_time(name):
    references, world = make_reference(name)
    env = mpe.ParticleEnv("test", world, len(SEEDS), seed=1, compile="eager")  # other goals than mpe2 draws
    for reference, seed in zip(references, SEEDS, strict=True):
        reference.reset(seed=seed)
    state = state_of(references, world.num_words)
    env.state = WorldState(*(part if part.dtype == torch.long else part.float() for part in state))
    for step in range(25):
        actions = torch.rand(len(SEEDS), env.num_actions)
        expected, rewards = step_references(references, world, actions.numpy())
        obs, reward, done, extras = env.step(actions)
        for agent, theirs in zip(world.names, expected, strict=True):
            np.testing.assert_allclose(extras["final_obs"][agent], theirs, atol=1e-4)
            assert torch.equal(obs[agent], extras["final_obs"][agent]) == (step < 24)
        np.testing.assert_allclose(reward, rewards.sum(1), atol=1e-3)
        assert done.tolist() == extras["time_outs"].tolist() == [step == 24] * len(SEEDS)
    assert not env.episode_length_buf.any()


def test_agents_that_touch_push_each_other_off_along_their_difference():
    position = torch.tensor([[[0.0, 0.0], [0.1, 0.0], [5.0, 5.0]]], dtype=torch.float64)
    force = contact_forces(position, reach=0.3)
    # an overlap of 0.2 is 200 margins, where the soft contact is linear
    torch.testing.assert_close(force, torch.tensor([[[-20.0, 0.0], [20.0, 0.0], [0.0, 0.0]]], dtype=torch.float64))


def test_agents_in_the_same_place_do_not_break_the_world():
    world = Spread(2)
    state = world.draw(1, "cpu")
    state = world.move(state._replace(position=torch.zeros(1, 2, 2)), torch.zeros(1, 10))
    assert all(part.isfinite().all() for part in state)


def test_pairs_without_the_diagonal_keep_their_order():
    pairs = torch.arange(9).view(1, 3, 3, 1)
    assert without_diagonal(pairs)[0, ..., 0].tolist() == [[1, 2], [3, 5], [6, 7]]


def test_an_action_pushes_right_minus_left_and_up_minus_down():
    assert push(torch.tensor([1.0, 0.25, 1.0, 0.0, 0.5])).tolist() == [3.75, 2.5]


def test_spread_pays_for_covered_landmarks_and_fines_collisions():
    world = Spread(2)
    state = world.draw(1, "cpu")._replace(
        position=torch.tensor([[[0.0, 0.0], [0.2, 0.0]]]), landmark=torch.tensor([[[0.0, 0.0], [0.2, 1.0]]])
    )
    # landmark 0 is covered, landmark 1 is at distance 1; the agents collide once each
    torch.testing.assert_close(world.rewards(state), torch.tensor([[-1.0, -1.0]]))
    metrics = {name: value.item() for name, value in world.metrics(state).items()}
    assert metrics == {"success": 0.0, "landmarks_reached": 0.5, "collisions": 1.0}


@pytest.mark.parametrize("task", mpe.TASKS)
def test_a_step_waits_for_nothing_and_draws_new_worlds_only_where_episodes_end(task):
    env = mpe.ParticleEnv(task, mpe.make_world(task), 4, compile="eager")
    env.episode_length_buf = torch.tensor([0, 24, 3, 24])
    before = env.state.landmark
    with forbid_host_sync():
        _, _, done, _ = env.step(torch.full((4, env.num_actions), float("nan")))
    assert done.tolist() == [False, True, False, True]
    assert env.episode_length_buf.tolist() == [1, 0, 4, 0]
    assert (env.state.landmark == before).flatten(1).all(1).tolist() == [True, False, True, False]


@pytest.mark.parametrize("task", mpe.TASKS)
def test_the_step_is_a_single_graph(task):
    world = mpe.make_world(task)
    state, actions = world.draw(3, "cpu"), torch.rand(3, sum(world.action_dims))
    arguments = (world, state, torch.tensor([0, 24, 1]), actions, world.draw(3, "cpu"))
    compiled = torch.compile(mpe.advance, fullgraph=True, dynamic=False, backend="eager")
    torch.testing.assert_close(compiled(*arguments), mpe.advance(*arguments))


@pytest.mark.slow
@pytest.mark.parametrize("task", mpe.TASKS)
def test_the_compiled_step_equals_the_eager_one(task):
    envs = [mpe.ParticleEnv(task, mpe.make_world(task), 64, compile=mode) for mode in ("auto", "eager")]
    envs[1].state = envs[0].state
    for _ in range(24):
        actions = torch.rand(64, envs[0].num_actions)
        for ours, theirs in zip(*(env.step(actions)[:2] for env in envs), strict=True):
            assert ((ours - theirs).abs() < 1e-3).all()


@pytest.mark.parametrize("task", mpe.TASKS)
def test_a_picture_shows_more_than_an_empty_plane(task):
    picture = mpe.ParticleEnv(task, mpe.make_world(task), 1, compile="eager").picture()
    assert picture.shape == (400, 400, 3)
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3
