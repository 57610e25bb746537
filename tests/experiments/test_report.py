# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Curves of three programs come out on the same axes, and become a figure and a table."""

from __future__ import annotations

import numpy as np
import runpy
import sys
from pathlib import Path
from torch.utils.tensorboard import SummaryWriter

import pytest

from ddpl_isaac.experiments.figure import draw
from ddpl_isaac.experiments.report import panels_of, read_methods, summary_table
from ddpl_isaac.experiments.run_curves import Curve, ReportError, final_values, on_common_grid, read_curve

SCRIPT = Path(__file__).parents[2] / "scripts" / "plot.py"

ENV_YAML = """
sim:
  dt: 0.01
  device_slice: !!python/object/apply:builtins.slice [null, 3, null]
scene:
  num_envs: 16
possible_agents: !!python/tuple
- cart
- pendulum
"""


def _write(run_dir: Path, scalars: dict[str, list[tuple[int, float]]], env: str = "", agent: str = "") -> Path:
    with SummaryWriter(str(run_dir)) as writer:
        for tag, points in scalars.items():
            for step, value in points:
                writer.add_scalar(tag, value, step)
    (run_dir / "params").mkdir()
    for name, text in (("env.yaml", env), ("agent.yaml", agent)):
        if text:
            (run_dir / "params" / name).write_text(text)
    return run_dir


def _our_run(run_dir: Path, offset: float = 0.0, iterations: int = 50) -> Path:
    rewards = [(it, it + offset) for it in range(1, iterations)]  # no episode finished in the first iteration
    return _write(
        run_dir, {"Train/mean_reward": rewards, "Train/env_steps": [(it, 100 * (it + 1)) for it in range(iterations)]}
    )


def _skrl_run(run_dir: Path, env: str = ENV_YAML) -> Path:
    rewards = [(10, 4.0), (20, 8.0)]
    return _write(run_dir, {"Reward / Total reward (mean)": rewards, "Metrics/success_rate": [(20, 0.5)]}, env)


class TestReading:
    """The axes of each program."""

    def test_our_curve_is_drawn_against_the_steps_that_the_run_counted(self, tmp_path: Path):
        curve = read_curve(_our_run(tmp_path / "a"), "return")
        assert curve.env_steps[:2].tolist() == [200.0, 300.0]
        assert curve.values[:2].tolist() == [1.0, 2.0]

    def test_skrl_counts_batches_and_sums_the_agents_rewards(self, tmp_path: Path):
        curve = read_curve(_skrl_run(tmp_path / "a"), "return")
        assert curve.env_steps.tolist() == [160.0, 320.0]
        assert curve.values.tolist() == [2.0, 4.0]

    def test_what_is_no_reward_is_not_divided(self, tmp_path: Path):
        assert read_curve(_skrl_run(tmp_path / "a"), "success").values.tolist() == [0.5]

    def test_success_is_that_of_episodes_where_a_task_also_logs_another(self, tmp_path: Path):
        success = {"Metrics/success_rate": [(0, 0.5)], "Episode/success": [(0, 1.0)], "Train/env_steps": [(0, 16)]}
        assert read_curve(_write(tmp_path / "a", success), "success").values.tolist() == [1.0]

    def test_rsl_rl_counts_iterations(self, tmp_path: Path):
        rewards = {"Train/mean_reward": [(0, 2.0), (1, 6.0)]}
        run_dir = _write(tmp_path / "a", rewards, ENV_YAML, "num_steps_per_env: 24\n")
        curve = read_curve(run_dir, "return")
        assert curve.env_steps.tolist() == [24 * 16, 2 * 24 * 16]
        assert curve.values.tolist() == [1.0, 3.0]

    def test_arguments_stand_in_for_missing_settings(self, tmp_path: Path):
        run_dir = _skrl_run(tmp_path / "a", env="")
        with pytest.raises(ReportError, match=r"scene\.num_envs.*Pass --num_envs"):
            read_curve(run_dir, "return")
        with pytest.raises(ReportError, match="Pass --num_agents"):
            read_curve(run_dir, "return", num_envs=8)
        assert read_curve(run_dir, "return", num_envs=8, num_agents=4).values.tolist() == [1.0, 2.0]

    def test_a_missing_scalar_names_those_that_exist(self, tmp_path: Path):
        with pytest.raises(ReportError, match=r"no scalar for 'Loss/x'\. It has: Train/env_steps, Train/mean_reward"):
            read_curve(_our_run(tmp_path / "a"), "Loss/x")
        with pytest.raises(ReportError, match="no TensorBoard scalars"):
            read_curve(tmp_path / "nowhere", "return")

    def test_methods_are_labels_with_patterns(self, tmp_path: Path):
        for seed in range(3):
            _our_run(tmp_path / f"run_{seed}", iterations=3)
        methods = read_methods([f"A={tmp_path}/run_[01]", f"B={tmp_path}/run_2", f"A={tmp_path}/run_2"], "return")
        assert {label: len(curves) for label, curves in methods.items()} == {"A": 3, "B": 1}
        with pytest.raises(ReportError, match="does not name a method"):
            read_methods(["logs/x"], "return")
        with pytest.raises(ReportError, match="matches no directory"):
            read_methods([f"A={tmp_path}/nothing*"], "return")


class TestSummary:
    """Several seeds become one line."""

    def test_the_common_grid_of_two_straight_lines(self):
        steps = np.arange(0.0, 1001.0)
        curves = [Curve(steps, 2 * steps), Curve(steps[:501], 4 * steps[:501])]
        grid, values = on_common_grid(curves, num_points=10)
        assert grid.tolist() == [25.0 + 50.0 * i for i in range(10)]  # up to the end of the shorter one
        assert values[0] == pytest.approx(2 * grid, abs=2)
        assert values[1] == pytest.approx(4 * grid, abs=4)

    def test_a_thinned_curve_keeps_the_mean_and_the_end(self):
        thin = Curve(np.arange(10.0), np.arange(10.0)).thinned(5)
        assert thin.env_steps.tolist() == [1.0, 3.0, 5.0, 7.0, 9.0]
        assert thin.values.tolist() == [0.5, 2.5, 4.5, 6.5, 8.5]
        assert len(Curve(np.arange(3.0), np.arange(3.0)).thinned(5).values) == 3

    def test_cells_without_a_point_are_interpolated(self):
        curves = [Curve(np.array([0.0, 100.0]), np.array([0.0, 10.0])), Curve(np.array([0.0, 101.0]), np.zeros(2))]
        _, values = on_common_grid(curves, num_points=10)
        assert values[0, 1:-1] == pytest.approx([1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5])

    def test_few_points_that_all_share_are_kept(self):
        steps = np.array([0.0, 1.0, 2.0])
        grid, values = on_common_grid([Curve(steps, 2 * steps), Curve(steps, 3 * steps)])
        assert grid.tolist() == [0.0, 1.0, 2.0]
        assert values.tolist() == [[0.0, 2.0, 4.0], [0.0, 3.0, 6.0]]

    def test_a_single_point_can_be_drawn(self, tmp_path: Path):
        panels = panels_of({"": {"A": [Curve(np.array([5.0]), np.array([1.0]))]}})
        draw(panels, "return", tmp_path / "a.png", "steps")
        assert (tmp_path / "a.png").is_file()

    def test_the_final_value_is_the_mean_over_the_last_tenth(self):
        steps = np.arange(0.0, 101.0)
        assert final_values([Curve(steps, np.where(steps >= 90, 7.0, 0.0))]).tolist() == [7.0]

    def test_the_table_states_seeds_steps_and_interval(self):
        steps = np.array([0.0, 2_000.0])
        methods = {"DDPL": [Curve(steps, np.array([0.0, 1.0])), Curve(steps, np.array([0.0, 3.0]))]}
        row = summary_table(methods, "return").splitlines()[2]
        assert [cell.strip() for cell in row.strip("|").split("|")] == ["DDPL", "2", "2,000", "2 [1, 3]"]


def test_the_script_draws_a_small_figure_and_prints_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    for seed in range(3):
        _our_run(tmp_path / f"ours_{seed}", offset=5.0 * seed)
    _skrl_run(tmp_path / "skrl")
    picture = tmp_path / "out" / "curves.png"
    command = ["plot.py", "--output", str(picture), "--runs"]
    monkeypatch.setattr(sys, "argv", [*command, f"DDPL={tmp_path}/ours_*", f"MAPPO={tmp_path}/skrl"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[2:4]] == ["DDPL", "MAPPO"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 5_000 < picture.stat().st_size < 300_000

    monkeypatch.setattr(sys, "argv", [*command, "DDPL=nowhere*"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert capsys.readouterr().err.startswith("error: 'nowhere*' matches no directory.")
