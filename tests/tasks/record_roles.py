# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Steps two worlds by the same actions of roles, hand 0 throwing in one and hand 1 in the other.

Usage: ``python record_roles.py FILE``
"""

import importlib
import sys
import torch
from pathlib import Path

import gymnasium as gym

from isaaclab_tasks.utils.hydra import resolve_task_config

importlib.import_module("ddpl_isaac.tasks")  # registers them

NUM_STEPS = 8


def record() -> dict[str, torch.Tensor]:
    """Start both worlds at rest, the second one half a turn about the middle of the hands from the first."""
    cfg, _ = resolve_task_config("DDPL-Shadow-Hands", None, overrides=["physics=ovphysx"])
    cfg.scene.num_envs, cfg.seed, cfg.agents_change_hands = 2, 7, True
    cfg.reset_position_noise = cfg.reset_dof_pos_noise = 0.0
    env = gym.make("DDPL-Shadow-Hands", cfg=cfg).unwrapped
    env.reset()
    env.goals.handovers[1] = 1
    env._goal_rot[:] = torch.tensor([[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0]])
    x, y, z = env.object.data.default_root_pose.torch[0, :3].tolist()
    pose = torch.tensor([[x, y, z, 0.0, 0.0, 0.0, 1.0], [-x, -1.0 - y, z, 0.0, 0.0, 1.0, 0.0]], device=env.device)
    pose[:, :3] += env.scene.env_origins
    env.object.write_root_pose_to_sim_index(root_pose=pose, env_ids=torch.arange(2, device=env.device))
    generator = torch.Generator().manual_seed(3)
    rows: dict[str, list[torch.Tensor]] = {"state": [], **{agent: [] for agent in env.possible_agents}}
    for _ in range(NUM_STEPS):
        actions = {
            agent: (0.4 * torch.rand(1, 20, generator=generator) - 0.2).expand(2, 20).to(env.device)
            for agent in env.possible_agents
        }
        obs, *_ = env.step(actions)
        rows["state"].append(_without_signs(env.state().cpu()))
        for agent in env.possible_agents:
            rows[agent].append(_without_signs(obs[agent].cpu()))
    goals = env.goal_position[:, :2].cpu()
    env.close()
    return {name: torch.stack(steps) for name, steps in rows.items()} | {"goals": goals}


def _without_signs(rows: torch.Tensor) -> torch.Tensor:
    """Make the largest component of the object's and the goal's rotation, and of the turn between, positive.

    They end a row; a rotation and its negative are the same, and the object's may have either sign.
    """
    rows = rows.clone()
    for start in (-21, -8, -4):
        part = rows[..., start : start + 4 or None]
        largest = part.gather(-1, part.abs().argmax(-1, keepdim=True))
        rows[..., start : start + 4 or None] = part * largest.sign()
    return rows


if __name__ == "__main__":
    torch.save(record(), Path(sys.argv[1]))
