# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Steps the hands by a fixed policy of one hand, which its agents execute together: one simulation per process.

Usage: ``python record_parts.py AGENTS_PER_HAND FILE``
"""

import importlib
import sys
import torch
from pathlib import Path

import gymnasium as gym

from isaaclab_tasks.utils.hydra import resolve_task_config

importlib.import_module("ddpl_isaac.tasks")  # registers them

NUM_ENVS, NUM_STEPS = 4, 80


def record(agents_per_hand: int) -> dict[str, torch.Tensor | int]:
    """Every agent sees its hand, knows the hand's policy, and takes the columns that it moves."""
    cfg, _ = resolve_task_config("DDPL-Shadow-Hands-Catch", None, overrides=["physics=ovphysx"])
    cfg.agents_per_hand, cfg.observe_whole_hand = agents_per_hand, True
    cfg.scene.num_envs, cfg.seed, cfg.episode_length_s = NUM_ENVS, 7, 1.0
    env = gym.make("DDPL-Shadow-Hands-Catch", cfg=cfg).unwrapped
    motors = [env.hands[0].joint_names[i] for i in env._motors] + list(cfg.actuated_tendon_names)
    moved = {
        agent: [motors.index(name) for signal in signals.action for name in signal.entries]
        for agent, signals in env.signals.items()
    }
    weights = torch.randn(157, 20, generator=torch.Generator().manual_seed(3)).to(env.device)
    rows: dict[str, list[torch.Tensor]] = {"state": [], "reward": [], "ended": []}
    obs, _ = env.reset()
    for _ in range(NUM_STEPS):
        actions = {agent: (obs[agent] @ weights).tanh()[:, moved[agent]] for agent in env.possible_agents}
        obs, reward, terminated, truncated, _ = env.step(actions)
        first = env.possible_agents[0]
        rows["state"].append(env.state().cpu().clone())
        assert all(torch.equal(own, reward[first]) for own in reward.values())
        rows["reward"].append(reward[first].cpu())
        rows["ended"].append((terminated[first] | truncated[first]).cpu())
    env.close()
    return {name: torch.stack(steps) for name, steps in rows.items()} | {"agents": len(actions)}


if __name__ == "__main__":
    torch.save(record(int(sys.argv[1])), Path(sys.argv[2]))
