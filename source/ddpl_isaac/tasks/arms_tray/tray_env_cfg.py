# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the task in which two arms carry a tray. Every figure of the decision process is ours."""

from __future__ import annotations

import isaaclab.sim as sim_utils
from isaaclab.assets import ArticulationCfg, AssetBaseCfg, RigidObjectCfg
from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass, replace

from ddpl_isaac.assets.arm import ARM_CFG, CRADLE_POSITION
from ddpl_isaac.assets.things import BAR, TRAY_FILE, TRAY_HALF_EDGES
from ddpl_isaac.tasks.common import GROUND_CFG, LIGHT_CFG
from ddpl_isaac.tasks.engines import OBJECT_PROPS, contact_simulation

REACH = CRADLE_POSITION[0] + BAR
"""From the base of an arm to the middle of the tray [m]."""

BALL_RADIUS = 0.03
"""[m]"""

TRAY_HEIGHT = CRADLE_POSITION[2]
BALL_HEIGHT = TRAY_HEIGHT + TRAY_HALF_EDGES[2] + BALL_RADIUS
"""Heights of the middle of tray and ball at the start [m]."""


def _arm(name: str, side: float, rot: tuple[float, float, float, float]) -> ArticulationCfg:
    """Return an arm on one side of the tray."""
    state = replace(ARM_CFG.init_state, pos=(side * REACH, 0.0, 0.0), rot=rot)
    return replace(ARM_CFG, prim_path=f"{{ENV_REGEX_NS}}/{name}", init_state=state)


@configclass
class ArmsTraySceneCfg(InteractiveSceneCfg):
    """Two arms that face each other, the tray in their cradles, and the ball on it."""

    class_type = "ddpl_isaac.tasks.held_targets_scene:HeldTargetsScene"
    ground: AssetBaseCfg = GROUND_CFG
    left_arm: ArticulationCfg = _arm("left_arm", -1.0, (0.0, 0.0, 0.0, 1.0))
    right_arm: ArticulationCfg = _arm("right_arm", 1.0, (0.0, 0.0, 1.0, 0.0))
    tray: RigidObjectCfg = RigidObjectCfg(
        prim_path="{ENV_REGEX_NS}/tray",
        spawn=sim_utils.UsdFileCfg(usd_path=str(TRAY_FILE), rigid_props=OBJECT_PROPS),
        init_state=RigidObjectCfg.InitialStateCfg(pos=(0.0, 0.0, TRAY_HEIGHT)),
    )
    ball: RigidObjectCfg = RigidObjectCfg(
        prim_path="{ENV_REGEX_NS}/ball",
        spawn=sim_utils.SphereCfg(
            radius=BALL_RADIUS,
            visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.8, 1.0, 0.0)),
            rigid_props=OBJECT_PROPS,
            collision_props=sim_utils.UsdPhysicsCollisionCfg(),
            mass_props=sim_utils.MassCfg(mass=0.1),
        ),
        init_state=RigidObjectCfg.InitialStateCfg(pos=(0.0, 0.0, BALL_HEIGHT)),
    )
    goal_marker: VisualizationMarkersCfg = VisualizationMarkersCfg(
        prim_path="/Visuals/goal_marker",
        markers={
            "goal": sim_utils.CuboidCfg(
                size=(2.0 * TRAY_HALF_EDGES[0], 2.0 * TRAY_HALF_EDGES[1], 2.0 * TRAY_HALF_EDGES[2]),
                visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0)),
            )
        },
    )
    light: AssetBaseCfg = LIGHT_CFG


@configclass
class ArmsTrayEnvCfg(DirectMARLEnvCfg):
    """30 decisions per second for 6 s, seven joints per arm."""

    arm_names = ["left_arm", "right_arm"]
    decimation = 4
    episode_length_s = 6.0
    possible_agents = arm_names
    action_spaces = dict.fromkeys(arm_names, 7)
    observation_spaces = dict.fromkeys(arm_names, 46)
    state_space = 70
    sim: SimulationCfg = contact_simulation(decimation, eye=(0.9, -2.3, 1.5), lookat=(0.0, 0.0, 0.65))
    scene: ArmsTraySceneCfg = ArmsTraySceneCfg(num_envs=2048, env_spacing=3.0, replicate_physics=True)  # pyright: ignore[reportIncompatibleVariableOverride]

    joint_speed: float = 0.5
    """Speed of a joint's target at action 1 [rad/s]."""
    joint_lead: float = 0.2
    """How far a target may run ahead of its joint [rad]."""

    goal_low: tuple[float, float, float] = (-0.1, -0.15, -0.1)
    goal_high: tuple[float, float, float] = (0.1, 0.15, 0.15)
    """Corners of the box of goals, from where the tray starts [m]."""
    reset_ball_noise: float = 0.03
    """The ball starts within this distance of the middle of the tray along both of its edges [m]."""

    goal_reward_scale: float = 8.0
    """Rate at which the reward 2 exp(-rate d - rate' t - rate'' b) falls with the distance d to the goal [1/m]."""
    tilt_reward_scale: float = 2.0
    """Rate' at which it falls with the tilt t of the tray [1/rad]."""
    ball_reward_scale: float = 4.0
    """Rate'' at which it falls with the distance b of the ball from the middle of the tray [1/m]."""

    lowest: float = 0.5
    """The episode fails when the tray is at or below this height [m]."""
    ball_drop: float = 0.03
    """It fails when the ball's middle is this far below the middle of the tray, along the tray's own z [m]."""
    max_tilt: float = 0.6
    """It fails when the tray is tilted by more than this [rad]."""
    success_distance_threshold: float = 0.03
    """A step counts towards success within this distance of the goal [m]."""
    success_steps_required: int = 20
    """Steps in sum after which an episode is a success."""
