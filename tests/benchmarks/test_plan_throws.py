# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The planner of throws: its search, what a throw is worth, commands that fingers share, and a throw that it finds."""

import importlib.util
import json
import os
import subprocess
import sys
import torch
from pathlib import Path
from types import SimpleNamespace

import pytest

from ddpl_isaac.envs.signals import AgentSignals, Signal
from ddpl_isaac.tasks.shadow_hands.shadow_hands_env_cfg import ShadowHandsCatchEnvCfg

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "plan_throws.py"
spec = importlib.util.spec_from_file_location("plan_throws", SCRIPT)
assert spec is not None
planner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(planner)  # pyright: ignore[reportOptionalMemberAccess]


def test_the_search_finds_a_maximum_within_the_bounds():
    torch.manual_seed(0)
    target = torch.tensor([[0.5, -0.8], [2.0, 0.1]])  # one of them beyond its bound

    def evaluate(candidates):
        return -(candidates - target).square().sum((1, 2))

    found = planner.plan_throw(evaluate, torch.zeros(2, 2), 64, 25)
    assert torch.allclose(found, target.clamp(max=1.0), atol=0.1)


def test_the_search_takes_the_elite_that_is_good_on_average():
    torch.manual_seed(0)

    def evaluate(candidates):  # 1 pays 1 for sure; -1 pays 3 in one of four repetitions and costs 3 in the others
        gamble = torch.where(torch.rand(len(candidates)) < 0.25, 3.0, -3.0)
        sure = candidates[:, 0, 0]
        return torch.where(sure > 0.0, sure, -sure * gamble)

    assert planner.plan_throw(evaluate, torch.zeros(1, 1), 64, 25).item() > 0.9


def test_a_throw_is_worth_its_rewards_and_its_closest_approach():
    reward = torch.tensor([[1.0, 0.0], [2.0, 0.5]])
    distance = torch.tensor([[0.3, 0.2], [0.1, torch.inf]])
    assert planner.Played(reward, distance).score().tolist() == pytest.approx([3.0 - 2.0, 0.5 - 4.0])


def hands():
    """Two hands of three motors, of which two belong to fingers, and a tendon, all of which are cupped at zero."""
    motors, tendons = ["rh_WRJ1", "rh_FFJ3", "rh_RFJ3"], ["rh_FFJ0"]
    signals = AgentSignals((), (Signal("joint_target", "", tuple(motors)), Signal("tendon_target", "", tuple(tendons))))
    hand = SimpleNamespace(joint_names=motors, fixed_tendon_names=tendons)
    task = SimpleNamespace(
        hands=[hand, hand], _motors=torch.arange(3), _tendons=[0],
        _motor_limits=(torch.tensor([[-0.5, -1.0, -1.0]]), torch.tensor([[0.5, 1.0, 1.0]])),
        _tendon_limits=(torch.tensor([[0.0]]), torch.tensor([[2.0]])),
    )  # fmt: skip
    return SimpleNamespace(signals={"right": signals, "left": signals}, unwrapped=task, device="cpu")


def test_fingers_share_their_commands_unless_they_move_apart():
    commands = planner.Commands(hands(), apart=False)
    # wrist 0 rad of -0.5 to 0.5, knuckles 0.45 of -1 to 1, tendon 0.5 of 0 to 2
    assert commands.cupped.tolist() == pytest.approx([0.0, 0.45, -0.5] * 2)
    right, left = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]
    actions = commands.actions(torch.tensor([[right + left, left + right]]))
    assert actions.shape == (2 * planner.SEGMENT, 1, 8)
    assert actions[planner.SEGMENT - 1, 0].tolist() == pytest.approx([0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.5, 0.6])
    assert actions[planner.SEGMENT, 0].tolist() == pytest.approx([0.4, 0.5, 0.5, 0.6, 0.1, 0.2, 0.2, 0.3])
    assert commands.other_way(torch.tensor([right + left])).tolist() == [pytest.approx(left + right)]
    assert planner.Commands(hands(), apart=True).size == 8


def run_planner(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, "--device", "cpu", *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=3000, check=False,
    )  # fmt: skip


def test_what_throws_nothing_is_refused():
    result = run_planner("--task", "Coordination-Corners-v0")
    assert result.returncode == 2
    assert "No hands throw in Coordination-Corners-v0" in result.stderr


def test_divided_hands_and_throws_back_from_a_goal_that_stays_are_refused():
    cfg = ShadowHandsCatchEnvCfg()
    planner.check("a task", cfg, 1)
    with pytest.raises(ValueError, match=r"goal of a task stays.*env\.goal_moves=true"):
        planner.check("a task", cfg, 2)
    cfg.agents_per_hand = 6
    with pytest.raises(ValueError, match=r"env\.agents_per_hand"):
        planner.check("a task", cfg, 1)


@pytest.mark.slow
def test_a_throw_and_a_throw_back_are_found():
    arguments = "--num_envs", "64", "--num_throws", "2", "--num_iterations", "35"
    result = run_planner("--task", "DDPL-Shadow-Hands", *arguments)
    assert result.returncode == 0, result.stderr[-3000:]
    throws = json.loads(result.stdout.splitlines()[-1])["throws"]
    assert [throw["caught"] > 0.5 for throw in throws] == [True, True]
