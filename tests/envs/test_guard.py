# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Broken environments start anew and are counted, the others go on, and nothing waits for the device."""

from __future__ import annotations

import re
import torch

import pytest
from fakes import FakeEnv
from host_sync import forbid_host_sync

from ddpl_isaac.envs.guard import NonFiniteError, NonFiniteGuard

NAMES = ["cart", "pole", "state"]


def _guard(env: FakeEnv, **settings) -> NonFiniteGuard:
    guard = NonFiniteGuard(NAMES, env.num_envs, "cpu", restart=env.restart, **settings)
    guard.begin(env.get_observations())
    return guard


def _run(env: FakeEnv, guard: NonFiniteGuard, num_steps: int) -> list[tuple]:
    steps = []
    with torch.inference_mode():
        for _ in range(num_steps):
            actions = torch.zeros(env.num_envs, env.num_actions)
            obs, rewards, dones, extras = env.step(actions)
            guard.mend(actions, obs, rewards, dones, extras)
            steps.append((obs, rewards, dones, extras))
    return steps


def test_finite_numbers_pass_unchanged():
    mended = _run(FakeEnv(), guard := _guard(FakeEnv()), 5)
    env = FakeEnv()
    for obs, rewards, dones, extras in mended:
        raw_obs, raw_rewards, raw_dones, raw_extras = env.step(torch.zeros(4, 3))
        assert all(torch.equal(obs[name], raw_obs[name]) for name in NAMES)
        assert torch.equal(rewards, raw_rewards)
        assert torch.equal(dones, raw_dones)
        assert torch.equal(extras["time_outs"], raw_extras["time_outs"])
        assert torch.equal(extras["metrics"]["success"], raw_extras["metrics"]["success"])
        assert extras["log"]["Faults/broken_envs"] == 0
    guard.check()
    assert guard.steps == 5


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
def test_a_broken_environment_starts_anew_and_the_others_go_on(entry: str):
    env = FakeEnv(num_envs=20, max_episode_length=9, nonfinite_at=(2, 3, entry))
    steps = _run(env, guard := _guard(env, max_share=0.1), 6)
    for obs, rewards, _, extras in steps:
        assert all(obs[name].isfinite().all() for name in NAMES)
        assert all(extras["final_obs"][name].isfinite().all() for name in NAMES)
        assert rewards.isfinite().all()
    # environment 3 would have finished its first episode after 5 steps: it is cut after the third, starts anew after
    # the fourth, and is one step into the new episode after the fifth
    assert [bool(dones[3]) for _, _, dones, _ in steps] == [False, False, True, True, False, False]
    assert [bool(extras["time_outs"][3]) for *_, extras in steps] == [False, False, True, True, False, False]
    assert [int(obs["cart"][3, 2]) for obs, *_ in steps][3:] == [0, 1, 2]
    assert [float(rewards[3]) for _, rewards, _, _ in steps][2:4] == [0.0, 0.0]
    assert steps[2][3]["metrics"]["touches"][3].isnan()
    assert [int(extras["log"]["Faults/broken_envs"]) for *_, extras in steps] == [0, 0, 1, 0, 0, 0]
    assert guard.snapshot()["broken_steps"].sum() == 1
    guard.check()
    assert guard.snapshot()["broken_steps"].sum() == 0
    undisturbed = FakeEnv(num_envs=20, max_episode_length=9)
    for obs, *_ in steps:
        expected = undisturbed.step(torch.zeros(20, 3))[0]
        others = torch.arange(20) != 3
        assert torch.equal(obs["cart"][others], expected["cart"][others])


def test_what_broke_is_said_once_per_check(caplog: pytest.LogCaptureFixture):
    env = FakeEnv(num_envs=20, nonfinite_at=(1, 7, "pole"))
    guard = _guard(env, max_share=0.1)
    for _ in range(2):
        _run(env, guard, 3)
        guard.check()
    assert caplog.text.count("environment 7 (the first of 1 among 20) at step 1 of the run, in: pole") == 1


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
def test_the_error_names_environment_step_entry_and_what_was_kept(entry: str):
    env = FakeEnv(nonfinite_at=(2, 3, entry))
    _run(env, guard := _guard(env, steps=100), 6)
    with pytest.raises(NonFiniteError, match=rf"environment 3 \(the first of 1 among 4\) at step 102 .* in: {entry}\."):
        guard.check()
    with pytest.raises(NonFiniteError, match=r"logs/model_50\.pt was kept; resume with --checkpoint logs/model_50\.pt"):
        guard.check("logs/model_50.pt")


def test_the_snapshot_holds_the_step_in_which_the_first_environment_broke():
    env = FakeEnv(nonfinite_at=(2, 3, "pole"))
    _run(env, guard := _guard(env), 6)
    snapshot = guard.snapshot()
    assert (snapshot["step"], snapshot["environment"], snapshot["entries"]) == (2, 3, ["pole"])
    assert snapshot["before/pole"].tolist() == [3.0, 0.0, 2.0]
    assert snapshot["after/pole"].isnan().all()
    assert snapshot["after/cart"].tolist() == [3.0, 0.0, 3.0, 1.0]
    assert snapshot["actions"].tolist() == [0.0, 0.0, 0.0]
    assert snapshot["broken_steps"].tolist() == [0, 0, 0, 1]


def test_the_first_of_several_is_named_with_all_its_entries():
    env = FakeEnv()
    guard = _guard(env)
    obs, rewards, dones, extras = env.step(torch.zeros(4, 3))
    obs["pole"][2, 1], obs["state"][2, 0], obs["cart"][3, 0] = float("inf"), float("nan"), float("nan")
    guard.mend(torch.zeros(4, 3), obs, rewards, dones, extras)
    obs["cart"][:] = float("nan")
    guard.mend(torch.zeros(4, 3), obs, rewards, dones, extras)
    with pytest.raises(NonFiniteError, match=r"environment 2 \(the first of 4 .* at step 0 .* in: pole, state\."):
        guard.check()


def test_the_last_observation_counts_only_in_rows_that_finished():
    env = FakeEnv()
    guard = _guard(env)
    obs, rewards, _, extras = env.step(torch.zeros(4, 3))
    extras["final_obs"]["cart"][1] = float("nan")
    guard.mend(torch.zeros(4, 3), obs, rewards, torch.tensor([True, False, False, False]), dict(extras))
    guard.check()
    guard.mend(torch.zeros(4, 3), obs, rewards, torch.tensor([False, True, False, False]), dict(extras))
    with pytest.raises(NonFiniteError, match=r"environment 1 .* in: last cart of the episode"):
        guard.check()


def test_the_broken_end_of_an_episode_that_is_cut_for_it_does_not_count_again():
    env = FakeEnv(num_envs=20, nonfinite_at=(0, 1, "cart"))
    guard = _guard(env, max_share=0.1)
    _run(env, guard, 1)
    obs, rewards, dones, extras = env.step(torch.zeros(20, 3))
    extras["final_obs"]["cart"][1] = rewards[1] = float("nan")  # the simulator saw it before the reset
    guard.mend(torch.zeros(20, 3), obs, rewards, dones, extras)
    assert extras["log"]["Faults/broken_envs"] == 0
    assert extras["final_obs"]["cart"].isfinite().all()


def test_mending_never_waits_for_the_device():
    env = FakeEnv(nonfinite_at=(1, 0, "state"))
    guard = _guard(env)
    with forbid_host_sync():
        _run(env, guard, 3)
    with pytest.raises(NonFiniteError):
        guard.check()


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
@pytest.mark.parametrize("value", [1e20, -1e15, 1.1e6, float("inf")])
def test_a_huge_number_breaks_an_environment_like_one_that_is_not_finite(entry: str, value: float):
    env = FakeEnv(num_envs=20, max_episode_length=9, nonfinite_at=(2, 3, entry), broken_value=value)
    steps = _run(env, guard := _guard(env, max_share=0.0, max_magnitude=1e6), 6)
    for obs, rewards, _, extras in steps:
        numbers = [*obs.values(), *extras["final_obs"].values(), rewards]
        assert all(number.abs().max() <= 20.0 for number in numbers)
    assert [int(extras["log"]["Faults/broken_envs"]) for *_, extras in steps] == [0, 0, 1, 0, 0, 0]
    where = "Reward" if entry == "reward" else f"Column 0 of {entry}"
    with pytest.raises(NonFiniteError, match=re.escape(f"in: {entry}. {where} was {value:g}; the limit is 1e+06.")):
        guard.check()


def test_the_limit_itself_is_sound():
    env = FakeEnv(nonfinite_at=(1, 0, "cart"), broken_value=-1e6)
    steps = _run(env, guard := _guard(env, max_magnitude=1e6), 2)
    assert steps[1][0]["cart"][0].tolist() == [-1e6] * 4
    guard.check()


@pytest.mark.parametrize("value", [float("nan"), 1e20])
def test_a_broken_first_observation_is_mended_and_counted(value: float):
    env = FakeEnv(num_envs=20)
    guard = NonFiniteGuard(NAMES, 20, "cpu", restart=env.restart, max_share=0.1, max_magnitude=1e6)
    obs = env.get_observations()
    obs["pole"][4, 1] = value
    guard.begin(obs)
    assert obs["pole"][4].tolist() == [4.0, 0.0, 0.0]
    assert env.restarting.nonzero().tolist() == [[4]]
    steps = _run(env, guard, 1)
    assert steps[0][2][4]
    assert steps[0][3]["final_obs"]["pole"][4].tolist() == [4.0, 0.0, 0.0]
    guard.max_share = 0.0
    with pytest.raises(
        NonFiniteError, match=r"environment 4 \(the first of 1 .* step 0 .* in: pole\. Column 1 of pole"
    ):
        guard.check()


def test_an_action_that_is_no_number_counts():
    guard = _guard(FakeEnv())
    obs, rewards, dones, extras = FakeEnv().step(torch.zeros(4, 3))
    actions = torch.zeros(4, 3)
    actions[2, 1] = float("nan")
    guard.mend(actions, obs, rewards, dones, extras)
    with pytest.raises(NonFiniteError, match=r"environment 2 .* in: action\. Column 1 of action was nan"):
        guard.check()


def test_numbers_keep_their_types():
    env = FakeEnv(num_envs=20, nonfinite_at=(1, 3, "reward"))
    guard = _guard(env, max_share=0.1)
    for _ in range(2):
        obs, rewards, dones, extras = env.step(torch.zeros(20, 3))
        rewards, dones, extras["time_outs"] = rewards.double(), dones.long(), extras["time_outs"].long()
        obs["cart"], extras["metrics"]["touches"] = obs["cart"].double(), extras["metrics"]["touches"].double()
        guard.mend(torch.zeros(20, 3), obs, rewards, dones, extras)
        assert obs["cart"].dtype == rewards.dtype == torch.float64
        assert dones.dtype == extras["time_outs"].dtype == torch.long
        assert extras["metrics"]["touches"].dtype == torch.float32
    assert (rewards[3], dones[3], extras["time_outs"][3]) == (0.0, 1, 1)
    assert guard.snapshot()["reward"].isnan()
