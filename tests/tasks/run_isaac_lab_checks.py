# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Runs Isaac Lab's own checks of registered environments on a task, and on several agents what it checks of one alone.

Usage: ``python run_isaac_lab_checks.py TASK ENGINE [env.field=value]``
"""

import importlib
import sys
import torch
from pathlib import Path

import gymnasium as gym

import isaaclab
from isaaclab.sim import SimulationContext, create_new_stage
from isaaclab_tasks.utils.hydra import resolve_task_config

importlib.import_module("ddpl_isaac.tasks")  # registers them

NUM_ENVS, NUM_STEPS = 2, 20
SHIPPED = Path(isaaclab.__file__).parent / "source" / "isaaclab_tasks" / "test"
"""Isaac Lab's test tree, which comes with its wheel."""


def check_random_actions(task: str, engine: str) -> None:
    """Create, step and destroy the environment as Isaac Lab's tests do: nothing may be no number."""
    sys.path.insert(0, str(SHIPPED))
    checks = importlib.import_module("env_test_utils")
    checks._check_random_actions(task, "cpu", NUM_ENVS, NUM_STEPS, multi_agent=True, physics_preset_name=engine)
    assert SimulationContext.instance() is None, "the simulation outlives its environment"


def play(task: str, engine: str, tokens: list[str], seed: int) -> dict[str, torch.Tensor]:
    """Check the spaces of every step at random actions, and return where it ends."""
    create_new_stage()
    cfg, _ = resolve_task_config(task, None, overrides=[f"physics={engine}", *tokens])
    cfg.scene.num_envs, cfg.seed = NUM_ENVS, seed
    env = gym.make(task, cfg=cfg).unwrapped
    assert env.num_envs == NUM_ENVS
    assert set(env.action_spaces) == set(env.observation_spaces) == set(env.possible_agents)
    obs, _ = env.reset()
    rewards = {}
    for _ in range(NUM_STEPS):
        check_spaces(env, obs)
        actions = {
            agent: 2.0 * torch.rand(NUM_ENVS, *space.shape, device=env.device) - 1.0
            for agent, space in env.action_spaces.items()
        }
        obs, rewards, terminated, truncated, _ = env.step(actions)
        for flags in (terminated, truncated):
            assert all(flags[agent].dtype == torch.bool for agent in env.possible_agents)
    end = {f"obs/{agent}": value.clone() for agent, value in obs.items()}
    end |= {f"reward/{agent}": value.clone() for agent, value in rewards.items()}
    env.close()
    assert SimulationContext.instance() is None, "the simulation outlives its environment"
    return end


def check_spaces(env, obs) -> None:
    """Compare what is observed with what is declared."""
    assert set(obs) == set(env.possible_agents)
    for agent, space in env.observation_spaces.items():
        assert obs[agent].shape == (NUM_ENVS, *space.shape)
        assert obs[agent].dtype == torch.float32
    if env.state_space is not None:
        assert env.state().shape == (NUM_ENVS, *env.state_space.shape)


def main(task: str, engine: str, tokens: list[str]) -> None:
    """Check random actions once and seeds twice."""
    check_random_actions(task, engine)
    first, same, other = (play(task, engine, tokens, seed) for seed in (42, 42, 43))
    for name, value in first.items():
        assert torch.isfinite(value).all(), name
        assert torch.equal(value, same[name]), f"{name}: the same seed ends elsewhere"
    assert any(not torch.equal(value, other[name]) for name, value in first.items()), "the seed changes nothing"
    print("checks passed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
