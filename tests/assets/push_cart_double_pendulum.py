# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Pushes the upright cart-double-pendulum for one physics step and prints what moved, as JSON on the last line.

Usage: ``python push_cart_double_pendulum.py ENGINE CART_FORCE PENDULUM_TORQUE``
"""

import importlib
import json
import sys
import torch

import gymnasium as gym

from isaaclab_tasks.utils.hydra import resolve_task_config

importlib.import_module("ddpl_isaac.tasks")  # registers them


engine, *efforts = sys.argv[1:]
cfg, _ = resolve_task_config("DDPL-Cart-Pendulum", None, overrides=[f"physics={engine}"])
cfg.scene.num_envs, cfg.sim.device, cfg.seed = 2, "cpu", 0
env = gym.make("DDPL-Cart-Pendulum", cfg=cfg).unwrapped
env.reset()
zero = torch.zeros(2, 3)
env.robot.write_joint_position_to_sim_index(position=zero)
env.robot.write_joint_velocity_to_sim_index(velocity=zero)
force, torque = (float(effort) for effort in efforts)
env.robot.actuators.target_command.set_effort_index(value=torch.tensor([[force, 0.0, torque]] * 2))
env.scene.targets_changed = True
env.scene.write_data_to_sim()
env.sim.step(render=False)
env.scene.update(env.physics_dt)
result = {"joints": env.robot.joint_names, "velocity": env.robot.data.joint_vel.torch[1].tolist(), "dt": env.physics_dt}
env.close()
print(json.dumps(result))
