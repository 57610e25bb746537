# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the two-hand task. Every figure of the decision process is that of ``Isaac-Shadow-Handover-Direct``."""

from __future__ import annotations

import torch

import isaaclab.sim as sim_utils
from isaaclab.assets import ArticulationCfg, AssetBaseCfg, RigidObjectCfg
from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.physics import PhysxAutoCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.sim import SimulationCfg
from isaaclab.sim.spawners.materials import RigidBodyMaterialBaseCfg
from isaaclab.utils import configclass, replace
from isaaclab.utils.math import quat_apply, quat_mul
from isaaclab.visualizers import VisualizerCfg
from isaaclab_assets.robots.shadow_hand import (
    FINGERTIP_NAMES,
    JOINT_NAMES,
    SHADOW_HAND_NEWTON_CFG,
    SHADOW_HAND_PHYSX_CFG,
    TENDON_NAMES,
    TENDON_POSITION_LIMITS,
)
from isaaclab_newton.physics import MJWarpSolverCfg, NewtonCfg
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.physics import PhysxCfg
from isaaclab_physx.sim.schemas import PhysxRigidBodyCfg
from isaaclab_tasks.utils import PresetCfg

from ddpl_isaac.assets.shadow_hand import GOAL_POSITION_OFFSET, PALM_CENTER, SHADOW_HAND_CFG
from ddpl_isaac.tasks.common import GROUND_CFG, LIGHT_CFG, default_device

Vector = tuple[float, float, float]

BALL_RADIUS = 0.0335
"""[m]"""

HAND_POSES: dict[str, tuple[Vector, tuple[float, float, float, float]]] = {
    "right_hand": ((0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 1.0)),
    "left_hand": ((0.0, -1.0, 0.5), (0.0, 0.0, 1.0, 0.0)),
}
"""Position [m] and turn (x, y, z, w) of every agent's hand: two right hands, a metre apart, face each other."""

NUCLEUS_SPAWN: Vector = (0.39, 0.0, 0.04)
"""Where the ball is let go over NVIDIA's hand, in its root frame [m]."""

NUCLEUS_GOAL: Vector = (0.36, 0.0, 0.04)
"""Where the ball is wanted over NVIDIA's hand, in its root frame [m]."""


def _turned(agent: str, hand: ArticulationCfg) -> tuple[float, float, float, float]:
    """Return the orientation of an agent's hand: its own default one, turned as the task wants it."""
    turn = torch.tensor(HAND_POSES[agent][1], dtype=torch.float64)
    return tuple(quat_mul(turn, torch.tensor(hand.init_state.rot, dtype=torch.float64)).tolist())


def _hand_cfg(agent: str, hand: ArticulationCfg) -> ArticulationCfg:
    """Return ``hand`` at the place of ``agent``."""
    pose = replace(hand.init_state, pos=HAND_POSES[agent][0], rot=_turned(agent, hand))
    return replace(hand, prim_path=f"{{ENV_REGEX_NS}}/{agent}", init_state=pose)


def _ball_cfg(hand: ArticulationCfg, offset: Vector) -> RigidObjectCfg:
    """Return a ball at ``offset`` in the root frame of the first agent's hand."""
    agent = next(iter(HAND_POSES))
    turn, origin = (torch.tensor(value, dtype=torch.float64) for value in (_turned(agent, hand), HAND_POSES[agent][0]))
    position = origin + quat_apply(turn, torch.tensor(offset, dtype=torch.float64))
    return replace(BALL_CFG, init_state=RigidObjectCfg.InitialStateCfg(pos=tuple(position.tolist())))


BALL_CFG = RigidObjectCfg(
    prim_path="{ENV_REGEX_NS}/object",
    spawn=sim_utils.SphereCfg(
        radius=BALL_RADIUS,
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.8, 1.0, 0.0)),
        physics_material=sim_utils.RigidBodyMaterialCfg(static_friction=0.7),
        rigid_props=[
            sim_utils.UsdPhysicsRigidBodyCfg(kinematic_enabled=False),
            PhysxRigidBodyCfg(
                disable_gravity=False,
                enable_gyroscopic_forces=True,
                solver_position_iteration_count=8,
                solver_velocity_iteration_count=0,
                sleep_threshold=0.005,
                stabilization_threshold=0.0025,
                max_depenetration_velocity=1000.0,
            ),
        ],
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        mass_props=sim_utils.MassCfg(density=500.0),
    ),
)
"""The ball, 79 g."""


@configclass
class BallCfg(PresetCfg):
    """The ball over the palm of the hand in use."""

    nucleus = _ball_cfg(SHADOW_HAND_PHYSX_CFG, NUCLEUS_SPAWN)
    default = _ball_cfg(SHADOW_HAND_CFG, PALM_CENTER)


@configclass
class GoalOffsetCfg(PresetCfg):
    """The goal over the palm of the hand in use."""

    nucleus = NUCLEUS_GOAL
    default = GOAL_POSITION_OFFSET


def _hand_presets(agent: str) -> PresetCfg:
    """Return our hand for every engine, or with ``presets=nucleus`` NVIDIA's, which differs between engines."""

    @configclass
    class NucleusHandCfg(PresetCfg):
        newton_mjwarp = _hand_cfg(agent, SHADOW_HAND_NEWTON_CFG)
        default = _hand_cfg(agent, SHADOW_HAND_PHYSX_CFG)

    @configclass
    class HandCfg(PresetCfg):
        nucleus = NucleusHandCfg()
        default = _hand_cfg(agent, SHADOW_HAND_CFG)

    return HandCfg()


@configclass
class ShadowHandsPhysicsCfg(PresetCfg):
    """Engines, by ``physics=<name>``. The default is PhysX: Isaac Sim's where that is running, else ``ovphysx``."""

    isaacsim_physx = PhysxCfg(
        bounce_threshold_velocity=0.2, gpu_max_rigid_contact_count=2**23, gpu_max_rigid_patch_count=2**23
    )
    ovphysx = OvPhysxCfg()
    physx = PhysxAutoCfg(isaacsim_physx=isaacsim_physx, ovphysx=ovphysx)
    newton_mjwarp = NewtonCfg(
        solver_cfg=MJWarpSolverCfg(
            solver="newton",
            integrator="implicitfast",
            njmax=200,
            nconmax=70,
            impratio=10.0,
            cone="elliptic",
            update_data_interval=4,
            ccd_iterations=50,
        ),
        num_substeps=4,
        debug_mode=False,
    )
    default = physx


@configclass
class ShadowHandsSceneCfg(InteractiveSceneCfg):
    """The hands, the ball, and a marker where the ball is wanted."""

    class_type = "ddpl_isaac.tasks.held_targets_scene:HeldTargetsScene"
    ground: AssetBaseCfg = GROUND_CFG
    right_hand: PresetCfg = _hand_presets("right_hand")
    left_hand: PresetCfg = _hand_presets("left_hand")
    object: PresetCfg = BallCfg()
    goal_marker: VisualizationMarkersCfg = VisualizationMarkersCfg(
        prim_path="/Visuals/goal_marker",
        markers={
            "goal": sim_utils.SphereCfg(
                radius=BALL_RADIUS, visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0))
            )
        },
    )
    light: AssetBaseCfg = LIGHT_CFG


@configclass
class ShadowHandsEnvCfg(DirectMARLEnvCfg):
    """The decision process: 60 decisions per second for 7.5 s, 20 motors per hand."""

    decimation = 2
    episode_length_s = 7.5
    possible_agents = list(HAND_POSES)
    action_spaces = dict.fromkeys(HAND_POSES, 20)
    observation_spaces = dict.fromkeys(HAND_POSES, 157)
    state_space = 290
    sim: SimulationCfg = SimulationCfg(
        device=default_device(),
        dt=1 / 120,
        render_interval=decimation,
        physics_material=RigidBodyMaterialBaseCfg(static_friction=1.0, dynamic_friction=1.0),
        physics=ShadowHandsPhysicsCfg(),
        default_visualizer_cfg=VisualizerCfg(eye=(1.6, -0.5, 1.1), lookat=(0.0, -0.5, 0.55), focal_length=35.0),
    )
    scene: ShadowHandsSceneCfg = ShadowHandsSceneCfg(num_envs=2048, env_spacing=1.5, replicate_physics=True)

    # both hands that can be used have these names; the order of the tendons is that of the actions
    actuated_joint_names = JOINT_NAMES
    actuated_tendon_names = TENDON_NAMES
    actuated_tendon_position_limits = TENDON_POSITION_LIMITS
    fingertip_body_names = FINGERTIP_NAMES

    reset_position_noise: float = 0.01
    """The ball starts within this distance per axis [m]."""
    reset_dof_pos_noise: float = 0.2
    """First joint positions: this share of the way from the default to a random one within the limits."""
    reset_dof_vel_noise: float = 0.0
    """Range of the first joint velocities [rad/s]."""

    fall_dist: float = 0.24
    """The episode fails when the ball is at or below this height [m]."""
    vel_obs_scale: float = 0.2
    """Factor of joint velocities and of the ball's angular velocity in the observations."""
    act_moving_average: float = 1.0
    """Share of the new joint target in the moving average of targets, in (0, 1]."""

    goal_position_offset: PresetCfg = GoalOffsetCfg()
    """The goal of every hand, in its root frame [m]."""
    success_distance_threshold: float = 0.1
    """A step counts towards the goal within this distance [m]."""
    success_steps_required: int = 20
    """Steps in sum after which a goal is reached; >= 1."""
    goal_moves: bool = True
    """Whether the next hand's goal takes the place of one that is reached; if not, the ball is to stay with the second
    hand for the rest of the episode."""
    dist_reward_scale: float = 20.0
    """Rate at which the reward 2 exp(-rate * distance) falls [1/m]."""


@configclass
class ShadowHandsCatchEnvCfg(ShadowHandsEnvCfg):
    """The goal stays with the second hand, as before Isaac Lab 3.0: throw once, catch and hold."""

    goal_moves = False
