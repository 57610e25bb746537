# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What lifting a pot pays, by hand, and how the slides enlarge the hands."""

import math
import torch
from types import SimpleNamespace

import pytest

from isaaclab_tasks.utils.hydra import resolve_task_config

from ddpl_isaac.tasks.shadow_hands_lift.lift_env import LiftEnv
from ddpl_isaac.tasks.shadow_hands_lift.lift_env_cfg import ShadowHandsLiftEnvCfg
from ddpl_isaac.tasks.shadow_hands_lift.scripted import lift


def test_lifting_pays_for_height_and_level_and_counts_where_both_are_right():
    pose = torch.zeros(4, 7)
    pose[:, 2] = torch.tensor([0.6, 0.5, 0.6, 0.58])
    pose[:, 3:] = torch.tensor([[0.0, 0.0, 0.0, 1.0]] * 4)
    pose[2, 3:] = torch.tensor([math.sin(0.15), 0.0, 0.0, math.cos(0.15)])  # tilted by 0.3 rad
    env = SimpleNamespace(
        cfg=ShadowHandsLiftEnvCfg(), extras={}, possible_agents=["a", "b"], _draw_goals=lambda: None, _object_pose=pose,
        _goal=torch.tensor([0.0, 0.0, 0.6]).expand(4, 3), _success_steps=torch.zeros(4, dtype=torch.long),
    )  # fmt: skip
    rewards = LiftEnv._get_rewards(env)
    # 2 exp(-10 d - 2 t): exponents 0, 1, 0.6, 0.2
    assert rewards["a"].tolist() == pytest.approx([2.0, 0.735759, 1.097623, 1.637462], rel=1e-3)
    assert rewards["b"] is rewards["a"]
    assert env._success_steps.tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    ("number", "agents", "observations", "actions"),
    [
        # two slides more than the hands of the other tasks: positions, velocities and last actions
        (1, 2, [157 + 6] * 2, [22] * 2),
        (2, 4, [24 + 12 + 28, 24 + 12 + 99] * 2, [9, 13] * 2),
    ],
)
def test_slides_belong_to_the_wrist_and_are_seen_by_every_part(number, agents, observations, actions):
    cfg = resolve_task_config("DDPL-Shadow-Hands-Lift", None, overrides=[])[0]
    cfg.agents_per_hand = number
    cfg.validate_config()
    assert len(cfg.possible_agents) == agents
    assert [cfg.observation_spaces[agent] for agent in cfg.possible_agents] == observations
    assert [cfg.action_spaces[agent] for agent in cfg.possible_agents] == actions
    assert cfg.state_space == 2 * (163 - 24) + 24


def test_the_handles_are_over_the_fingers_of_both_hands():
    scene = ShadowHandsLiftEnvCfg().scene
    right, left, pot = (getattr(scene, name).init_state.pos for name in ("right_hand", "left_hand", "object"))
    assert right == (0.0, 0.0, 0.5)
    assert left == pytest.approx((0.0, -1.13, 0.5))
    assert pot == pytest.approx((0.0, -0.565, 0.531))  # its bars 0.19 m to both sides, and 0.03 m above its middle
    for hand in (scene.right_hand, scene.left_hand):
        assert hand.init_state.joint_pos["rh_SLJ2"] == -0.08


def test_the_script_raises_its_slide_by_what_the_pot_lacks_and_keeps_its_fingers():
    seen = torch.zeros(3, 163)
    seen[:, 0] = torch.tensor([0.2, 0.2, 0.96])  # of 0.25 m
    seen[:, 141] = 0.53
    seen[:, 154] = torch.tensor([0.54, 0.63, 0.63])
    actions = lift({"right_hand": seen})["right_hand"]
    # twice the 0.01 m; 0.05 m at most; no further than the slide goes
    assert actions[:, 0].tolist() == pytest.approx([0.28, 0.4, 1.0], abs=1e-5)
    assert actions[:, 1].tolist() == [0.0, 0.0, 0.0]
    knuckle = 2.0 * (0.3 + 0.261799) / (1.5708 + 0.261799) - 1.0
    assert actions[0, 5].item() == pytest.approx(knuckle, abs=1e-5)
    assert torch.equal(actions[0, 1:], actions[1, 1:])
