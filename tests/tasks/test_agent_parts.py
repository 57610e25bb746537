# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Bodies that several agents share, by hand; and the hands."""

import importlib
import subprocess
import sys
import torch
from pathlib import Path

import pytest

from isaaclab_tasks.utils.hydra import resolve_task_config

from ddpl_isaac.envs.signals import AgentSignals, Signal
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.tasks.agent_parts import AgentParts, Part

importlib.import_module("ddpl_isaac.tasks")  # registers them

ARM = AgentSignals(
    (Signal("angle", "rad", ("base", "left_1", "right_1", "left_2")), Signal("goal", "m", ("x", "y"))),
    (Signal("torque", "N m", ("right_1", "base", "left_1", "left_2")),),
)
SIDES = Part("base", "base"), Part("left", "left"), Part("right", "right")


def divide(*parts, **kwargs):
    return AgentParts({"a": ARM, "b": ARM}, parts, **kwargs)


def columns(signals):
    return [entry for signal in signals for entry in signal.entries]


def test_agents_move_their_own_joints_and_see_these_what_carries_them_and_what_belongs_to_nobody():
    parts = divide(*SIDES, carrier="base")
    assert list(parts.agents) == ["a_base", "a_left", "a_right", "b_base", "b_left", "b_right"]
    assert parts.sizes()[0] == {"a_base": 3, "a_left": 5, "a_right": 4, "b_base": 3, "b_left": 5, "b_right": 4}
    left = parts.signals["a_left"]
    assert columns(left.action) == ["left_1", "left_2"]
    assert columns(left.observation) == ["base", "left_1", "left_2", "x", "y"]
    seen = parts.split({"a": torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]), "b": torch.zeros(1, 6)})
    assert seen["a_left"].tolist() == [[0.0, 1.0, 3.0, 4.0, 5.0]]
    assert seen["a_right"].tolist() == [[0.0, 2.0, 4.0, 5.0]]
    assert not seen["b_left"].any()


def test_without_a_carrier_the_other_parts_are_not_seen_and_with_the_whole_body_they_are():
    assert columns(divide(*SIDES).signals["a_right"].observation) == ["right_1", "x", "y"]
    assert divide(*SIDES, whole_body=True).signals["a_right"].observation == ARM.observation


def test_actions_of_agents_come_together_in_the_order_of_the_body():
    parts = divide(*SIDES)
    own = {"a_base": [[1.0]], "a_left": [[2.0, 3.0]], "a_right": [[0.0]]}
    own |= {agent.replace("a_", "b_"): [[-x for x in row] for row in rows] for agent, rows in own.items()}
    joined = parts.join({agent: torch.tensor(rows) for agent, rows in own.items()})
    assert joined["a"].tolist() == [[0.0, 1.0, 2.0, 3.0]]
    assert joined["b"].tolist() == [[0.0, -1.0, -2.0, -3.0]]


def test_one_agent_per_body_is_the_body():
    parts = divide(Part("", ""))
    assert parts.signals == {"a": ARM, "b": ARM}
    tensors = {"a": torch.rand(2, 6), "b": torch.rand(2, 6)}
    assert all(parts.split(tensors)[body] is tensors[body] for body in tensors)
    assert all(parts.join(tensors)[body] is tensors[body] for body in tensors)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((Part("base", "base"), Part("left", "left")), "leaves out right_1"),
        ((*SIDES, Part("first", "_1")), "'left_1' is given 2 times"),
        ((*SIDES, Part("tail", "tail")), "agent 3 has no joint"),
    ],
)
def test_parts_that_do_not_give_every_joint_to_one_agent_are_refused(parts, expected):
    with pytest.raises(ConfigError, match=expected):
        divide(*parts)


@pytest.mark.parametrize(
    ("number", "whole", "agents", "observations"),
    [
        (1, False, 2, [157, 157]),
        # 24 of ball and goal; wrist: 2 x 2 joints, 2 actions; thumb: 2 x 5 joints, 13 of its tip, 5 actions
        (2, False, 4, [24 + 6 + 28, 24 + 6 + 99] * 2),
        # fingers: 2 x 4 joints, 13, 3 actions; the little one has a joint and an action more
        (6, False, 12, [30, 58, 54, 54, 54, 57] * 2),
        (6, True, 12, [157] * 12),
    ],
)
def test_a_hand_has_one_two_or_six_agents(number, whole, agents, observations):
    cfg = resolve_task_config("DDPL-Shadow-Hands-Catch", None, overrides=[])[0]
    cfg.agents_per_hand, cfg.observe_whole_hand = number, whole
    cfg.validate_config()
    cfg.validate_config()  # as often as anybody likes
    assert len(cfg.possible_agents) == agents
    assert [cfg.observation_spaces[agent] for agent in cfg.possible_agents] == observations
    assert sum(cfg.action_spaces[agent] for agent in cfg.possible_agents) == 40


def test_another_number_of_agents_is_refused():
    cfg = resolve_task_config("DDPL-Shadow-Hands", None, overrides=[])[0]
    cfg.agents_per_hand = 3
    with pytest.raises(ConfigError, match=r"env.agents_per_hand is 3; it must be 1 or 2 or 6\."):
        cfg.validate_config()


def test_a_policy_of_two_agents_executed_by_twelve_gives_the_same_trajectory(tmp_path):
    script = Path(__file__).with_name("record_parts.py")
    for agents in ("1", "6"):
        command = [sys.executable, str(script), agents, str(tmp_path / f"{agents}.pt")]
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    two, twelve = (torch.load(tmp_path / f"{agents}.pt") for agents in ("1", "6"))
    assert two["agents"] == 2
    assert twelve["agents"] == 12
    assert two["state"].std(dim=0).max() > 0.1, "nothing moved"
    for name in ("state", "reward", "ended"):
        assert torch.equal(two[name], twelve[name]), name
    assert two["ended"].any()
