# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The benchmarks run at their smallest sizes and end with a line of JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ONCE = "--repetitions", "1"
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run_benchmark(name, *arguments, folder=None):
    """Return what the last line of a benchmark says."""
    command = [sys.executable, BENCHMARKS / name, "--device", "cpu", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    how = {"env": environment, "capture_output": True, "text": True, "timeout": 600, "check": False}
    result = subprocess.run(command, cwd=folder, **how)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_the_chain_is_compared_for_every_size():
    sizes = "--agents", "1", "2", "--rows", "4", "8", "--steps", "2"
    results = run_benchmark("sampler.py", *sizes, *ONCE)["results"]
    assert len(results) == 4
    assert all(row[f"{name}_over_chain"] > 0.0 for row in results for name in ("plain", "loop", "products", "bfloat16"))


def test_an_update_is_compared_with_its_parts_and_with_single_learners():
    (row,) = run_benchmark("update.py", "--agents", "1", *ONCE)["results"]
    ratios = {"plain_over_stacked", "single_over_stacked", "floor_over_update"}
    assert ratios | {"candidates_share", "critics_share", "replay_share"} < set(row)


def test_compiling_takes_less_time_with_a_full_cache_than_with_an_empty_one():
    results = run_benchmark("compilation.py")["results"]
    assert {"compiler", "chain", "losses"} == set(results["empty"]) == set(results["full"])
    assert sum(results["full"].values()) < sum(results["empty"].values())


GAME = "--task", "Coordination-Corners-v0", "--num_envs", "8"


def test_training_is_compared_with_an_environment_that_has_a_process_for_itself():
    result = run_benchmark("train_step.py", *GAME, "agent.algorithm.warmup_steps_per_env=8", *ONCE)
    assert result["num_envs"] == 8
    assert result["simulator_over_simulator"] == 1.0
    assert 0.0 < result["training_over_simulator"] < 1.0


def test_policies_that_look_at_nothing_are_played_on_any_environment():
    result = run_benchmark("simple_policies.py", *GAME, "--num_episodes", "16", "--num_steps", "20")
    assert result["random_steps"] >= 20
    assert result["unsound"] == 0
    assert set(result["means"]) == {"random", "zero"}
    assert result["means"]["zero"]["length"] == 1.0


def test_the_parts_of_a_start_add_up():
    seconds = run_benchmark("startup.py", *GAME, *ONCE)["seconds"]
    together = seconds.pop("together")
    assert set(seconds) == {"imports", "settings", "environment", "learner", "first iteration"}
    assert together == pytest.approx(sum(seconds.values()), abs=0.1)


def test_growth_fits_an_exponent_to_every_cost_and_draws_it(tmp_path):
    picture = tmp_path / "growth.png"
    result = run_benchmark("growth.py", "--sizes", "steps", "--values", "2", "4", "--output", str(picture), *ONCE)
    assert set(result["exponents"]["steps"]) == {"env", "act", "update", "memory"}
    assert picture.stat().st_size > 0


def test_critics_of_two_halves_of_a_replay_agree_on_a_game_of_one_state(tmp_path):
    """After some hundred gradient steps both know where the hill is, which is all that the values differ by."""
    learner = "agent.algorithm.overlap_learning=false", "agent.algorithm.compile=eager"
    train = [sys.executable, BENCHMARKS.parent / "scripts" / "train.py", *GAME, *learner, "--max_iterations", "40"]
    subprocess.run(train, cwd=tmp_path, check=True, capture_output=True, timeout=600)
    variants = "--variants", "n_step=1", "critic.learning_rate=1e-9", "--steps", "300"
    result = run_benchmark("critic_reliability.py", *GAME[:2], *variants, folder=tmp_path)["variants"]
    assert min(result["n_step=1"]["actions"]) > 0.5
    assert max(result["critic.learning_rate=1e-9"]["actions"]) < 0.5
