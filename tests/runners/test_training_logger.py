# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The training log tells the truth about finished episodes and never waits for the device in a step."""

from __future__ import annotations

import torch
from pathlib import Path

import pytest
from fakes import FakeEnv
from host_sync import forbid_host_sync
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ddpl_isaac.runners.training_logger import TrainingLogger

NAN = float("nan")


def _logger(log_dir: Path | None = None, num_envs: int = 2, num_steps: int = 3) -> TrainingLogger:
    cfg = {"algorithm": {}, "num_steps_per_env": num_steps, "logger": "tensorboard"}
    logger = TrainingLogger(
        log_dir=None if log_dir is None else str(log_dir),
        cfg=cfg,
        env_cfg={},
        num_envs=num_envs,
        is_distributed=False,
        gpu_world_size=1,
        gpu_global_rank=0,
        device="cpu",
    )
    logger.init_logging_writer()
    return logger


def _step(logger: TrainingLogger, rewards: list[float], dones: list[bool], **extras: dict) -> None:
    with torch.inference_mode():
        logger.process_env_step(torch.tensor(rewards), torch.tensor(dones), extras, None)


def _log(logger: TrainingLogger, it: int = 0, total_it: int = 10, seconds: float = 2.0, **losses: object) -> None:
    logger.log(
        it=it,
        start_it=0,
        total_it=total_it,
        collect_time=0.75 * seconds,
        learn_time=0.25 * seconds,
        loss_dict=losses,
        learning_rate=3e-4,
        action_std=torch.tensor([0.5, 1.5]),
        rnd_weight=None,
    )


def _scalars(log_dir: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(log_dir))
    events.Reload()
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


class TestEpisodes:
    """Returns, lengths and metrics come from the episodes that finished."""

    def test_return_and_length_are_means_over_the_episodes_finished_in_the_iteration(self):
        logger = _logger()
        _step(logger, [1.0, 10.0], [False, False])
        _step(logger, [2.0, 10.0], [True, False])
        _step(logger, [5.0, 10.0], [False, True])
        _log(logger)
        # one episode of return 3 and length 2, one of return 30 and length 3; the 5 belongs to one that still runs
        assert logger.latest["Train/mean_reward"] == pytest.approx(16.5)
        assert logger.latest["Train/mean_episode_length"] == pytest.approx(2.5)

    def test_an_episode_that_spans_iterations_is_counted_whole_and_once(self):
        logger = _logger()
        _step(logger, [1.0, 0.0], [False, True])
        _log(logger, 0)
        _step(logger, [4.0, 0.0], [True, False])
        _log(logger, 1)
        assert logger.latest["Train/mean_reward"] == pytest.approx(5.0)
        assert logger.latest["Train/mean_episode_length"] == pytest.approx(2.0)

    def test_metrics_count_only_in_rows_that_finished(self):
        logger = _logger()
        _step(logger, [0.0, 0.0], [True, False], metrics={"success": torch.tensor([1.0, NAN])})
        _step(logger, [0.0, 0.0], [True, True], metrics={"success": torch.tensor([False, True])})
        _log(logger)
        assert logger.latest["Episode/success"] == pytest.approx(2 / 3)

    def test_an_iteration_without_a_finished_episode_writes_no_return_and_repeats_the_last_in_its_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture
    ):
        logger = _logger(tmp_path)
        _step(logger, [3.0, 0.0], [True, False], metrics={"success": torch.ones(2)})
        _log(logger, 0)
        _step(logger, [7.0, 0.0], [False, False], metrics={"success": torch.zeros(2)})
        _log(logger, 1)
        logger.writer.close()
        scalars = _scalars(tmp_path)
        assert scalars["Train/mean_reward"] == [(0, 3.0)]
        assert scalars["Episode/success"] == [(0, 1.0)]
        assert "return 3.00 | length 1.0 | success 1.00" in capsys.readouterr().out.splitlines()[-1]

    def test_the_line_shows_the_success_of_episodes_and_no_other_number_of_that_name(
        self, capsys: pytest.CaptureFixture
    ):
        logger = _logger()
        extras = {"time_outs": torch.zeros(2), "log": {"Diagnostics/success_steps": torch.tensor(7.0)}}
        extras["metrics"] = {"success": torch.tensor([0.25, 0.75])}
        logger.process_env_step(torch.zeros(2), torch.ones(2), extras, None)
        _log(logger)
        assert "success 0.50" in capsys.readouterr().out.splitlines()[-1]

    def test_the_fake_environment_gives_the_means_worked_out_by_hand(self):
        env, logger = FakeEnv(num_envs=2, max_episode_length=3), _logger()
        for _ in range(3):
            _, rewards, dones, extras = env.step(env.target.expand(2, 3))
            logger.process_env_step(rewards, dones, extras, None)
        _log(logger)
        # environment 0 finishes after 2 steps by itself, environment 1 after 3 by the limit
        assert logger.latest["Train/mean_reward"] == pytest.approx(2.5)
        assert logger.latest["Episode/success"] == pytest.approx(0.5)
        assert logger.latest["Episode/touches"] == pytest.approx(1.25)
        assert logger.latest["Fake/mean_action"] == pytest.approx(0.5 / 3)
        assert logger.latest["Episode/drift"] == pytest.approx(0.25)


class TestTags:
    """rsl_rl's names, where it has them."""

    def test_no_log_of_a_task_takes_the_place_of_what_is_measured(self):
        logger = _logger()
        _step(logger, [3.0, 0.0], [True, False], log={"Loss/critic": 7.0, "Perf/total_fps": 7.0, "Train/env_steps": 7})
        _log(logger, critic=torch.tensor(0.5))
        assert logger.latest["Loss/critic"] == 0.5
        assert logger.latest["Perf/total_fps"] == 3.0
        assert logger.latest["Train/env_steps"] == 6.0

    def test_scalars_carry_the_tags_of_rsl_rl_and_ours(self, tmp_path: Path):
        logger = _logger(tmp_path)
        _step(logger, [3.0, 0.0], [True, False], log={"Team/height": torch.tensor([1.0, 3.0])})
        _step(logger, [3.0, 0.0], [True, False])
        _log(logger, 4, **{"critic": torch.tensor(0.5), "ISSM/right_hand/ess": torch.tensor(12.0), "actor": 1.5})
        logger.writer.close()
        scalars = _scalars(tmp_path)
        assert {tag: value for tag, [(_, value)] in scalars.items() if tag.startswith(("Loss", "ISSM", "Team"))} == {
            "Loss/critic": 0.5,
            "Loss/actor": 1.5,
            "Loss/learning_rate": pytest.approx(3e-4),
            "ISSM/right_hand/ess": 12.0,
            "Team/height": 2.0,
        }
        assert scalars["Train/env_steps"] == [(4, 6.0)]
        assert scalars["Perf/total_fps"] == [(4, 3.0)]
        assert scalars["Perf/collection_time"] == [(4, 1.5)]
        assert scalars["Perf/learning_time"] == [(4, 0.5)]
        assert scalars["Policy/mean_std"] == [(4, 1.0)]
        assert scalars["Train/mean_reward/time"] == [(2, 3.0)]

    def test_a_value_logged_in_some_steps_is_averaged_over_those(self):
        logger = _logger()
        _step(logger, [0.0, 0.0], [False, False], log={"a/b": 1.0})
        _step(logger, [0.0, 0.0], [False, False], log={})
        _step(logger, [0.0, 0.0], [False, False], log={"a/b": torch.tensor(4.0)})
        _log(logger)
        assert logger.latest["a/b"] == pytest.approx(2.5)

    def test_the_next_iteration_starts_over(self):
        logger = _logger()
        for it, value in enumerate((1.0, 5.0)):
            _step(logger, [value, 0.0], [True, False], log={"a/b": value}, metrics={"m": torch.full((2,), value)})
            _log(logger, it)
        assert logger.latest["a/b"] == logger.latest["Episode/m"] == logger.latest["Train/mean_reward"] == 5.0


class TestProgress:
    """One line, and counters that survive."""

    def test_an_iteration_prints_one_line(self, capsys: pytest.CaptureFixture):
        logger = _logger(num_steps=1000)
        capsys.readouterr()
        _log(logger, 0, 101, seconds=4.0)
        assert capsys.readouterr().out == (
            "iteration 1/101 | 2,000 env steps | 500 steps/s | return - | length - | 0:06:40 left\n"
        )

    def test_counters_go_on_after_a_restart_and_the_time_left_does_not_count_the_past(
        self, capsys: pytest.CaptureFixture
    ):
        first = _logger()
        for it in range(3):
            _log(first, it)
        second = _logger()
        second.load_state_dict(first.state_dict())
        _log(second, 3, 10, seconds=10.0)
        assert second.latest["Train/env_steps"] == 4 * 6
        state = second.state_dict()
        assert (state["tot_timesteps"], state["tot_time"]) == (24, 16.0)
        assert capsys.readouterr().out.rstrip().endswith("0:01:00 left")

    def test_the_git_state_of_the_code_is_stored_with_the_run(self, tmp_path: Path):
        _logger(tmp_path)
        diffs = list((tmp_path / "git").glob("*.diff"))
        assert len(diffs) == 1
        assert "--- git commit ---" in diffs[0].read_text()


def test_a_step_never_waits_for_the_device():
    env, logger = FakeEnv(), _logger(num_envs=4)
    with torch.inference_mode(), forbid_host_sync():
        for _ in range(3):
            _, rewards, dones, extras = env.step(torch.zeros(4, 3))
            logger.process_env_step(rewards, dones, extras, None)
    _log(logger)
    assert logger.latest["Train/mean_episode_length"] > 0
