# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Steps one environment class with fixed actions and saves what it returned: one simulation per process.

Usage: ``python record_rollout.py {ours|stock} {hands|cart} NUM_ENVS NUM_STEPS ENGINE FILE``
"""

import importlib
import sys
import torch
from pathlib import Path

import gymnasium as gym

from isaaclab_tasks.utils.hydra import resolve_task_config

importlib.import_module("ddpl_isaac.tasks")  # registers them


TASKS = {
    "hands": {"ours": "DDPL-Shadow-Hands", "stock": "Isaac-Shadow-Handover-Direct"},
    "cart": {"ours": "DDPL-Cart-Pendulum", "stock": "Isaac-Pendulum-MARL-Direct"},
}


def make_cfg(origin: str, task: str, engine: str, num_envs: int):
    """The class's own settings; the stock class gets our robots, ball and floor, which need no asset server."""
    cfg, _ = resolve_task_config(TASKS[task][origin], None, overrides=[f"physics={engine}"])
    if origin == "stock":
        ours = make_cfg("ours", task, engine, num_envs)
        cfg.sim.device = ours.sim.device
        cfg.scene.ground = ours.scene.ground
        if task == "hands":
            cfg.scene.right_robot, cfg.scene.left_robot = ours.scene.right_hand, ours.scene.left_hand
            cfg.scene.object = ours.scene.object
            cfg.goal_position_offset = ours.goal_position_offset
        else:
            cfg.scene.robot = ours.scene.robot
    if task == "hands":
        cfg.success_distance_threshold = 0.35  # so near to the start that goals are reached and switch
    cfg.scene.num_envs, cfg.seed, cfg.compute_final_obs = num_envs, 7, True
    return cfg


def record(origin: str, task: str, num_envs: int, num_steps: int, engine: str) -> list[dict[str, torch.Tensor]]:
    """Step with random actions, some beyond their range, and let half of the episodes run out of time at once."""
    cfg = make_cfg(origin, task, engine, num_envs)
    env = gym.make(TASKS[task][origin], cfg=cfg).unwrapped
    device = env.device
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(5)
    obs, _ = env.reset()
    steps = [obs | {"state": env.state()}]
    for step in range(num_steps):
        if step == num_steps // 2:
            env.episode_length_buf[::2] = env.max_episode_length - 2
        actions = {
            agent: (2.4 * torch.rand(num_envs, space.shape[0], generator=generator) - 1.2).to(device)
            for agent, space in env.action_spaces.items()
        }
        obs, reward, terminated, truncated, extras = env.step(actions)
        row = obs | {"state": env.state()}
        for agent in env.possible_agents:
            row |= {f"reward/{agent}": reward[agent], f"terminated/{agent}": terminated[agent]}
            row |= {f"truncated/{agent}": truncated[agent]}
            row[f"final/{agent}"] = extras[agent].get("final_obs", torch.zeros(0))
        row |= {f"log/{key}": torch.as_tensor(value) for key, value in extras.get("log", {}).items()}
        steps.append({key: value.cpu().clone() for key, value in row.items()})
    env.close()
    return steps


if __name__ == "__main__":
    origin, task, num_envs, num_steps, engine, path = sys.argv[1:]
    torch.save(record(origin, task, int(num_envs), int(num_steps), engine), Path(path))
