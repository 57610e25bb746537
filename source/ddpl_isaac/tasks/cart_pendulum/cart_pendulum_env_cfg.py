# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the cart-double-pendulum task. Every figure is that of ``Isaac-Pendulum-MARL-Direct``."""

from __future__ import annotations

import math
from typing import cast

from isaaclab.assets import ArticulationCfg, AssetBaseCfg
from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.physics import PhysicsCfg, PhysxAutoCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass, replace
from isaaclab.visualizers import VisualizerCfg
from isaaclab_newton.physics import MJWarpSolverCfg, NewtonCfg
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.physics import PhysxCfg
from isaaclab_tasks.utils import PresetCfg

from ddpl_isaac.assets.cart_double_pendulum import CART_DOUBLE_PENDULUM_CFG
from ddpl_isaac.tasks.common import GROUND_CFG, LIGHT_CFG, default_device


@configclass
class CartPendulumPhysicsCfg(PresetCfg):
    """Engines, by ``physics=<name>``. The default is PhysX: Isaac Sim's where that is running, else ``ovphysx``."""

    isaacsim_physx = PhysxCfg()
    ovphysx = OvPhysxCfg()
    physx = PhysxAutoCfg(isaacsim_physx=isaacsim_physx, ovphysx=ovphysx)
    newton_mjwarp = NewtonCfg(
        solver_cfg=MJWarpSolverCfg(njmax=5, nconmax=3, cone="pyramidal", impratio=1, integrator="implicitfast"),
        num_substeps=1,
        debug_mode=False,
        use_cuda_graph=True,
    )
    default = physx


@configclass
class CartPendulumSceneCfg(InteractiveSceneCfg):
    """The robot on its rail, 2 m above a floor."""

    class_type = "ddpl_isaac.tasks.held_targets_scene:HeldTargetsScene"
    ground: AssetBaseCfg = GROUND_CFG
    robot: ArticulationCfg = replace(CART_DOUBLE_PENDULUM_CFG, prim_path="{ENV_REGEX_NS}/Robot")
    light: AssetBaseCfg = LIGHT_CFG


@configclass
class CartPendulumEnvCfg(DirectMARLEnvCfg):
    """The decision process: 60 decisions per second for 5 s, one force and one torque."""

    decimation = 2
    episode_length_s = 5.0
    possible_agents = ["cart", "pendulum"]
    action_spaces = {"cart": 1, "pendulum": 1}
    observation_spaces = {"cart": 4, "pendulum": 3}
    state_space = -1
    sim: SimulationCfg = SimulationCfg(
        device=default_device(),
        dt=1 / 120,
        render_interval=decimation,
        physics=cast(PhysicsCfg, CartPendulumPhysicsCfg()),  # a set of presets, of which one is chosen
        default_visualizer_cfg=VisualizerCfg(eye=(11.0, 0.0, 3.5), lookat=(0.0, 0.0, 2.3), focal_length=35.0),
    )
    scene: CartPendulumSceneCfg = CartPendulumSceneCfg(num_envs=4096, env_spacing=4.0, replicate_physics=True)  # pyright: ignore[reportIncompatibleVariableOverride]

    cart_dof_name = "slider_to_cart"
    pole_dof_name = "cart_to_pole"
    pendulum_dof_name = "pole_to_pendulum"

    cart_action_scale: float = 100.0
    """Force of the cart at action 1 [N]."""
    pendulum_action_scale: float = 50.0
    """Torque between pole and pendulum at action 1 [N m]."""

    max_cart_pos: float = 3.0
    """The episode fails when the cart is farther from the middle [m]."""
    initial_pole_angle_range: tuple[float, float] = (-0.25, 0.25)
    """First angles of the pole, in units of pi."""
    initial_pendulum_angle_range: tuple[float, float] = (-0.25, 0.25)
    """First angles of the pendulum against the pole, in units of pi."""

    success_upright_angle: float = math.pi / 12
    """Both links count as upright within this angle of the vertical [rad]."""
    success_duration_s: float = 1.0
    """An episode succeeds if both links were upright for this long when its time ran out [s]."""

    # reward per second
    rew_scale_alive: float = 1.0
    rew_scale_terminated: float = -2.0
    rew_scale_cart_vel: float = -0.01
    rew_scale_pole_pos: float = 1.0
    rew_scale_pole_vel: float = -0.01
    rew_scale_pendulum_pos: float = 1.0
    rew_scale_pendulum_vel: float = -0.01
    rew_scale_upright: float = 1.0
    rew_scale_action: float = -0.01
