# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Non-finite numbers are found where they first appeared, without a wait for the device."""

from __future__ import annotations

import torch

import pytest
from fakes import FakeEnv
from host_sync import forbid_host_sync

from ddpl_isaac.envs.guard import NonFiniteError, NonFiniteGuard

NAMES = ["cart", "pole", "state"]


def _run(env: FakeEnv, guard: NonFiniteGuard, num_steps: int) -> None:
    with torch.inference_mode():
        for _ in range(num_steps):
            obs, rewards, dones, extras = env.step(torch.zeros(env.num_envs, env.num_actions))
            guard.check(obs, rewards, dones, extras["final_obs"])


def test_finite_numbers_pass():
    guard = NonFiniteGuard(NAMES, 4, "cpu")
    _run(FakeEnv(), guard, 5)
    guard.raise_if_found()
    assert guard.steps == 5


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
def test_the_message_names_environment_step_entry_and_what_was_kept(entry: str):
    guard = NonFiniteGuard(NAMES, 4, "cpu", steps=100)
    _run(FakeEnv(nonfinite_at=(2, 3, entry)), guard, 6)
    with pytest.raises(NonFiniteError, match=rf"environment 3 \(the first of 1 among 4\) at step 102 .* in: {entry}\."):
        guard.raise_if_found()
    with pytest.raises(NonFiniteError, match=r"logs/model_50\.pt was kept; resume with --checkpoint logs/model_50\.pt"):
        guard.raise_if_found("logs/model_50.pt")


def test_the_first_of_several_is_named_with_all_its_entries():
    env, guard = FakeEnv(), NonFiniteGuard(NAMES, 4, "cpu")
    obs, rewards, dones, _ = env.step(torch.zeros(4, 3))
    obs["pole"][2, 1], obs["state"][2, 0], obs["cart"][3, 0] = float("inf"), float("nan"), float("nan")
    guard.check(obs, rewards, dones)
    obs["cart"][:] = float("nan")
    guard.check(obs, rewards, dones)
    with pytest.raises(NonFiniteError, match=r"environment 2 \(the first of 2 .* at step 0 .* in: pole, state\."):
        guard.raise_if_found()


def test_the_last_observation_counts_only_in_rows_that_finished():
    env, guard = FakeEnv(), NonFiniteGuard(NAMES, 4, "cpu")
    obs, rewards, _, extras = env.step(torch.zeros(4, 3))
    extras["final_obs"]["cart"][1] = float("nan")
    guard.check(obs, rewards, torch.tensor([True, False, False, False]), extras["final_obs"])
    guard.raise_if_found()
    guard.check(obs, rewards, torch.tensor([False, True, False, False]), extras["final_obs"])
    with pytest.raises(NonFiniteError, match=r"environment 1 .* in: last cart of the episode"):
        guard.raise_if_found()


def test_a_check_never_waits_for_the_device():
    guard = NonFiniteGuard(NAMES, 4, "cpu")
    with forbid_host_sync():
        _run(FakeEnv(nonfinite_at=(1, 0, "state")), guard, 3)
    with pytest.raises(NonFiniteError):
        guard.raise_if_found()
