# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""An evaluation counts complete episodes, evenly over the environments, and states its uncertainty."""

from __future__ import annotations

import json
import numpy as np
import torch

import pytest
from fakes import FakeEnv

from ddpl_isaac.runners.evaluator import EvaluationError, EvaluationResult, evaluate


def _play_target(env: FakeEnv):
    return lambda obs: env.target.expand(len(obs), 3)


def _planned(env_index: int, episode: int, limit: int) -> int:
    return min(2 + (env_index + episode) % limit, limit)


class TestEpisodes:
    """Which episodes count, and what is recorded of them."""

    @pytest.mark.parametrize("num_episodes", [1, 3, 4, 10, 16])
    def test_every_environment_gives_its_first_episodes_as_evenly_as_the_number_allows(self, num_episodes: int):
        env = FakeEnv(num_envs=4, max_episode_length=6)
        result = evaluate(env, _play_target(env), num_episodes)
        quota = [num_episodes // 4 + (i < num_episodes % 4) for i in range(4)]
        expected = [_planned(i, k, 6) for i in range(4) for k in range(quota[i])]
        assert result.values["length"].tolist() == expected
        assert result.values["return"].tolist() == pytest.approx(expected)
        assert result.num_episodes == num_episodes

    def test_short_episodes_are_not_favoured(self):
        class TwoSpeeds(FakeEnv):
            def planned_length(self) -> torch.Tensor:
                return torch.tensor([2, 20])

        env = TwoSpeeds(num_envs=2, max_episode_length=20)
        lengths = evaluate(env, _play_target(env), 10).values["length"]
        # the first ten to finish anywhere would be ten of 2 steps
        assert sorted(lengths.tolist()) == [2] * 5 + [20] * 5

    def test_metrics_are_those_of_the_step_in_which_the_episode_finished(self):
        env = FakeEnv(num_envs=2, max_episode_length=3)
        values = evaluate(env, _play_target(env), 4).values
        # lengths by environment: 2, 3 and 3, 3; what reaches the limit of 3 timed out
        assert values["success"].tolist() == [1.0, 0.0, 0.0, 0.0]
        assert values["touches"].tolist() == [1.0, 1.5, 1.5, 1.5]

    def test_metrics_take_the_place_of_neither_return_nor_length_and_do_not_break_the_table(self):
        class Renamed(FakeEnv):
            def step(self, actions):
                obs, reward, dones, extras = super().step(actions)
                metrics = {name: torch.full((2,), 7.0) for name in ("return", "length", "a|b\nc")}
                return obs, reward, dones, extras | {"metrics": metrics}

        result = evaluate(env := Renamed(num_envs=2, max_episode_length=3), _play_target(env), 4)
        assert result.values["length"].tolist() == [2.0, 3.0, 3.0, 3.0]
        assert result.values["return"].tolist() == pytest.approx([2.0, 3.0, 3.0, 3.0])
        assert result.values["metrics/return"].tolist() == result.values["metrics/length"].tolist() == [7.0] * 4
        lines = result.to_table().splitlines()
        assert len(lines) == 3
        assert {line.count("|") for line in lines} == {11}

    def test_an_episode_that_was_running_before_is_not_counted(self):
        env = FakeEnv(num_envs=1, max_episode_length=6)
        env.step(torch.zeros(1, 3))
        assert evaluate(env, _play_target(env), 1).values["return"].tolist() == pytest.approx([2.0])

    def test_the_deviation_is_the_mean_over_the_measured_steps_of_an_episode(self):
        env, measured = FakeEnv(num_envs=2, max_episode_length=6), []

        def deviation(obs):
            measured.append(obs["pole"].tolist())
            return torch.tensor([1.0, 2.0]) * len(measured)

        values = evaluate(env, _play_target(env), 4, deviation=deviation).values
        # lengths 2, 3 and 3, 4: every fifth step is measured, the first and the sixth, in which both play their second
        assert values["length"].tolist() == [2.0, 3.0, 3.0, 4.0]
        np.testing.assert_array_equal(values["action_std"], [1.0, np.nan, 2.0, 4.0])

    def test_the_policy_sees_the_observations_of_the_step(self):
        env, seen = FakeEnv(num_envs=1, max_episode_length=3), []

        def policy(obs):
            seen.append(obs["pole"][0].tolist())
            return env.target.expand(1, 3)

        evaluate(env, policy, 2)
        assert seen[:5] == [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [0, 1, 2]]

    def test_impossible_requests_are_refused(self):
        class Endless(FakeEnv):
            def step(self, actions):
                obs, reward, dones, extras = super().step(actions)
                return obs, reward, torch.zeros_like(dones), extras

        with pytest.raises(EvaluationError, match=r"num_episodes is 0\. Expected at least 1"):
            evaluate(FakeEnv(), _play_target(FakeEnv()), 0)
        with pytest.raises(EvaluationError, match=r"Only 0 of 4 episodes of Fake-v0 ended in 7 steps"):
            evaluate(Endless(), _play_target(FakeEnv()), 4)


class TestReports:
    """Policies side by side."""

    @pytest.fixture
    def results(self) -> tuple[EvaluationResult, EvaluationResult]:
        values = {"return": np.full(3, 250.0), "length": np.full(3, 7.0), "success": np.full(3, 0.5)}
        other = {"return": np.full(2, 0.25), "length": np.array([1.0, np.nan])}
        return (
            EvaluationResult("Fake-v0", "EMA", 1, 64, values),
            EvaluationResult("Fake-v0", "one sample", None, 64, other),
        )

    def test_the_table_has_a_row_for_each_policy(self, results: tuple[EvaluationResult, EvaluationResult]):
        lines = results[0].to_table(results[1]).splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        assert cells[0] == ["policy", "task", "seed", "envs", "episodes", "return", "length", "success"]
        assert cells[2][:5] == ["EMA", "Fake-v0", "1", "64", "3"]
        assert cells[2][5:] == ["250.0 [250.0, 250.0]", "7.00 [7.00, 7.00]", "0.500 [0.500, 0.500]"]
        assert cells[3] == [
            *("one sample", "Fake-v0", "-", "64", "2"),
            *("0.250 [0.250, 0.250]", "1.00 [1.00, 1.00]", "-"),
        ]
        assert len({len(line) for line in lines}) == 1

    def test_json_holds_means_intervals_and_every_episode(self, results: tuple[EvaluationResult, EvaluationResult]):
        first, second = json.loads(results[0].to_json(results[1]))
        assert first["policy"] == "EMA"
        assert first["metrics"]["success"] == {"mean": 0.5, "low": 0.5, "high": 0.5}
        assert first["values"]["return"] == [250.0] * 3
        assert second["values"]["length"] == [1.0, None]
        assert second["episodes"] == 2


def test_episodes_without_a_finite_return_are_counted_in_a_warning(caplog: pytest.LogCaptureFixture):
    result = evaluate(env := FakeEnv(nonfinite_at=(1, 2, "reward")), _play_target(env), 8)
    assert "1 of 8 episodes have a return that is not finite" in caplog.text
    assert np.isfinite(result.interval("return")).all()
    caplog.clear()
    evaluate(env := FakeEnv(), _play_target(env), 8)
    assert not caplog.text
