# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Zero and random actions, on environments whose rewards are known."""

import importlib.util
import torch
from pathlib import Path
from types import SimpleNamespace

import pytest

from ddpl_isaac.envs.coordination import corners_reward
from ddpl_isaac.workflows.untrained import act_at_random, act_zero, random_action, zero_action

ENV = SimpleNamespace(
    num_envs=4000,
    num_actions=2,
    device="cpu",
    action_bounds=lambda: (torch.tensor([-1.0, 2.0]), torch.tensor([1.0, 6.0])),
)
SCRIPTS = Path(__file__).parents[2] / "scripts"


def parse(script, *tokens):
    spec = importlib.util.spec_from_file_location(f"script_{script}", SCRIPTS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_parser().parse(["--device", "cpu", "--num_envs", "3", "--num_steps", "2", *tokens])


def test_random_actions_fill_the_bounds_of_every_column():
    torch.manual_seed(0)
    action = random_action(ENV)
    assert action.amin(0).tolist() == pytest.approx([-1.0, 2.0], abs=0.01)
    assert action.amax(0).tolist() == pytest.approx([1.0, 6.0], abs=0.01)
    assert action.mean(0).tolist() == pytest.approx([0.0, 4.0], abs=0.1)


def test_zero_actions_are_zero_even_where_the_bounds_are_not_about_it():
    assert torch.equal(zero_action(ENV), torch.zeros(4000, 2))


def test_a_game_is_stepped_with_zeros_and_its_reward_told(capsys):
    act_zero(parse("zero_agent", "--task", "Coordination-Corners-v0"))
    reward = corners_reward(torch.zeros(2, 2)).item()
    assert f"2 steps | team reward per step {reward:.4g} | 6 episodes ended" in capsys.readouterr().out


def test_random_actions_depend_on_the_seed(capsys):
    def told(seed):
        act_at_random(parse("random_agent", "--task", "Coordination-Corners-v0", "--seed", seed))
        return capsys.readouterr().out.splitlines()[-1]

    assert told("1") == told("1")
    assert told("1") != told("2")


def test_no_step_is_refused():
    with pytest.raises(ValueError, match=r"--num_steps is 0; it must be >= 1"):
        act_zero(parse("zero_agent", "--task", "Coordination-Corners-v0", "--num_steps", "0"))
