# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tasks name every column of their observations and actions."""

from types import SimpleNamespace

from ddpl_isaac.envs.signals import AgentSignals
from ddpl_isaac.tasks.cart_pendulum.cart_pendulum_env import CartPendulumEnv
from ddpl_isaac.tasks.cart_pendulum.cart_pendulum_env_cfg import CartPendulumEnvCfg
from ddpl_isaac.tasks.hands.signals import hand_signals


def columns(signals):
    return sum(len(signal.entries) for signal in signals)


def test_a_hand_names_its_157_observations_and_20_actions():
    joints = tuple(f"J{i}" for i in range(24))
    names = joints, ("FF", "LF", "MF", "RF", "TH"), joints[8:], ("T2", "T0", "T1", "T3")
    limits = {"moving_average": 1.0, "tendon_limits": (0.0, 2.0)}
    signals = hand_signals(*names, object_name="ball", frame="of the table", velocity_scale=0.2, **limits)
    assert isinstance(signals, AgentSignals)
    assert (columns(signals.observation), columns(signals.action)) == (157, 20)
    start = {s.name: sum(len(t.entries) for t in signals.observation[:i]) for i, s in enumerate(signals.observation)}
    # the layout of ShadowHandsEnv: joints, fingertips and actions fill 133 columns, then comes the ball
    assert (start["joint_velocity"], start["last_action"], start["ball_position"]) == (24, 113, 133)
    assert signals.action[1].entries == ("T2", "T0", "T1", "T3")
    assert signals.observation[2].entries[:4] == ("FF.x", "FF.y", "FF.z", "LF.x")


def test_the_cart_pendulum_names_its_columns():
    cfg = CartPendulumEnvCfg()
    signals = CartPendulumEnv.signals.fget(SimpleNamespace(cfg=cfg))
    for agent in cfg.possible_agents:
        assert columns(signals[agent].observation) == cfg.observation_spaces[agent]
        assert columns(signals[agent].action) == cfg.action_spaces[agent]
