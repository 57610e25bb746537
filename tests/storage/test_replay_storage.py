# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is sampled is what happened: rewards, ends and true successors, across seams and cuts."""

import torch

import pytest

from ddpl_isaac.storage.replay_storage import ReplayStorage

GAMMA = 0.5


def episode_storage(length, limit, capacity=64, terminate=False):
    """One environment whose observation counts up: episode e, step t is seen as 100 e + t, its action is the same.

    Rewards are 1 + t. An episode ends after ``limit`` steps, by a time-out or by termination.
    """
    storage = ReplayStorage(capacity, 1, (1, 1), 0, (1, 1), "cpu")
    value = lambda number: torch.full((1, 1, 1), float(number))  # noqa: E731
    storage.begin(value(0), value(0).flatten(1))
    episode, step = 0, 0
    for _ in range(length):
        now, done = 100 * episode + step, step + 1 == limit
        final = value(now + 1)
        episode, step = (episode + 1, 0) if done else (episode, step + 1)
        seen = value(100 * episode + step)
        flags = torch.tensor([done]), torch.tensor([done and not terminate])
        state, last = seen.flatten(1), final.flatten(1)
        storage.add(value(now), torch.tensor([float(now % 100 + 1)]), *flags, seen, state, final, last)
    return storage


@pytest.mark.parametrize("length", [30, 200])
def test_one_step_transitions_carry_their_own_reward_and_true_successor(length):
    batch = episode_storage(length, limit=5).sample(2000, 1, GAMMA)
    start, action = batch.obs.flatten(), batch.action.flatten()
    assert torch.equal(start, action), "an observation came with another one's action"
    assert torch.equal(batch.reward, start % 100 + 1)
    assert torch.equal(batch.next_obs.flatten(), start + 1)
    assert (batch.discount == GAMMA).all(), "a time-out was not bootstrapped"
    assert len(start.unique()) > 20


@pytest.mark.parametrize("length", [30, 200])
def test_n_step_returns_stop_at_the_end_of_an_episode(length):
    batch = episode_storage(length, limit=5).sample(2000, 3, GAMMA)
    step = batch.obs.flatten() % 100
    newest = batch.obs.flatten() >= batch.obs.max() - 2
    taken = torch.minimum(torch.full_like(step, 3.0), 5 - step)[~newest]
    step = step[~newest]
    expected = (step + 1) + GAMMA * (step + 2) * (taken > 1) + GAMMA**2 * (step + 3) * (taken > 2)
    torch.testing.assert_close(batch.reward[~newest], expected)
    torch.testing.assert_close(batch.discount[~newest], GAMMA**taken)
    torch.testing.assert_close(batch.next_obs.flatten()[~newest] % 100, step + taken)


def test_a_termination_is_not_bootstrapped():
    batch = episode_storage(40, limit=4, terminate=True).sample(2000, 1, GAMMA)
    last = batch.obs.flatten() % 100 == 3
    assert last.any()
    assert (batch.discount[last] == 0.0).all()
    assert (batch.discount[~last] == GAMMA).all()


def test_one_step_episodes_can_be_sampled():
    batch = episode_storage(40, limit=1, terminate=True).sample(500, 1, GAMMA)
    assert torch.equal(batch.obs, batch.action)
    assert (batch.reward == 1.0).all()


def test_a_new_begin_cuts_the_episode_and_keeps_its_successor():
    storage = episode_storage(7, limit=100)
    storage.begin(torch.full((1, 1, 1), 50.0), torch.full((1, 1), 50.0))
    batch = storage.sample(500, 1, GAMMA)
    assert batch.obs.max() == 6.0
    assert torch.equal(batch.next_obs, batch.obs + 1.0)


def test_a_begin_before_any_step_stores_nothing():
    storage = ReplayStorage(64, 1, (1, 1), 0, (1, 1), "cpu")
    for _ in range(2):
        storage.begin(torch.zeros(1, 1, 1), torch.zeros(1, 1))
    assert len(storage) == 0


@pytest.mark.parametrize("length", [10, 200])
def test_a_restored_storage_samples_the_same(length):
    storage, restored = episode_storage(length, limit=5), ReplayStorage(64, 1, (1, 1), 0, (1, 1), "cpu")
    restored.load_state_dict(storage.state_dict())
    batches = []
    for source in (storage, restored):
        torch.manual_seed(0)
        batches.append(source.sample(100, 3, GAMMA))
    assert all(torch.equal(one, other) for one, other in zip(*batches, strict=True))


def test_a_storage_of_another_size_is_refused():
    with pytest.raises(ValueError, match="same --num_envs"):
        ReplayStorage(128, 1, (1, 1), 0, (1, 1), "cpu").load_state_dict(episode_storage(9, 5).state_dict())


def test_too_small_a_capacity_is_refused_with_the_least_that_works():
    with pytest.raises(ValueError, match="to 256 or more"):
        ReplayStorage(100, 64, (1, 1), 0, (1, 1), "cpu")


def test_a_replay_that_does_not_fit_says_how_much_it_needs():
    with pytest.raises(MemoryError, match=r"needs [\d.]+ GiB"):
        ReplayStorage(10**15, 1, (1, 1), 0, (1, 1), "cpu")


def test_half_precision_keeps_three_digits_in_half_the_memory_and_rewards_as_they_are():
    obs = torch.randn(8, 2, 5) * torch.logspace(-2, 4, 5)
    obs[0, 0, 4] = 1e6  # beyond the largest number
    state, action, reward = torch.randn(8, 3), torch.rand(8, 2, 4) * 2.0 - 1.0, torch.randn(8) * 1e-5
    shape = (64, 8, (2, 5), 3, (2, 4), "cpu")
    storages = ReplayStorage(*shape), ReplayStorage(*shape, half_precision=True)
    batches = []
    for storage in storages:
        storage.begin(obs, state)
        going_on = torch.zeros(8, dtype=torch.bool)
        for _ in range(4):
            storage.add(action, reward, going_on, going_on, obs, state, obs, state)
        batches.append(storage.sample(64, 2, GAMMA, torch.Generator().manual_seed(0)))
    exact, half = batches
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in half)
    assert torch.equal(half.reward, exact.reward)
    torch.testing.assert_close(half.obs, exact.obs.clamp(-65504.0, 65504.0), rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(half.state, exact.state, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(half.action, exact.action, rtol=1e-3, atol=1e-5)
    memory = [sum(ring.nbytes for ring in storage.state_dict().values()) for storage in storages]
    assert memory[1] < 0.7 * memory[0]


def test_a_million_transitions_of_the_hands_fit_in_two_gigabytes():
    """On the meta device, which allocates nothing."""
    storage = ReplayStorage(1_000_000, 64, (2, 157), 290, (2, 20), "meta", half_precision=True)
    assert sum(ring.nbytes for ring in storage.data.values()) < 2e9
