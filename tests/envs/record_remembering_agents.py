# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Plays the task that remembers, behind the adapter or as it is: one simulation per process.

Usage: ``python record_remembering_agents.py {wrapped|plain|endless} FILE``
"""

import argparse
import logging
import sys
import torch

import gymnasium as gym
import remembering_agents

from isaaclab.app import launch_simulation
from isaaclab_ov.physics import OvPhysxCfg

from ddpl_isaac.envs.isaac_lab import IsaacLabVecEnv

STEPS, VIEWER_STEP = 20, 6
"""Steps of the recording; the one in which the viewer asks for a reset."""


def main(mode, path):
    cfg = remembering_agents.RememberingEnvCfg(endless=mode == "endless", seed=1)
    cfg.sim.device, cfg.sim.physics = "cpu", OvPhysxCfg()
    with launch_simulation(cfg, argparse.Namespace(device="cpu", visualizer=None, headless=True)):
        env = gym.make("Test-Remembering-Agents", cfg=cfg)
        task = env.unwrapped
        if mode == "wrapped":
            env = IsaacLabVecEnv(env, "Test-Remembering-Agents")
            rows = [env.get_observations().to_dict()]
        else:
            obs, _ = env.reset()
            rows = [obs | {"state": task.state()}]
        generator = torch.Generator().manual_seed(0)
        for step in range(STEPS):
            asked = iter([step == VIEWER_STEP and mode != "endless"])
            task.sim.consume_reset_request = lambda asked=asked: next(asked)
            actions = torch.rand(4, 2, generator=generator)
            if mode == "wrapped":
                obs, reward, dones, extras = env.step(actions)
                row = obs.to_dict() | {"reward": reward, "dones": dones, "log": extras["log"]}
                row["final"] = extras["final_obs"].to_dict() if "final_obs" in extras else None
            else:
                with torch.inference_mode():
                    obs, reward, *_ = env.step({"still": actions[:, :1], "noisy": actions[:, 1:]})
                    row = obs | {"state": task.state(), "reward": reward["still"]}
            rows.append({name: value.clone() if torch.is_tensor(value) else value for name, value in row.items()})
        torch.save(rows, path)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(*sys.argv[1:])
