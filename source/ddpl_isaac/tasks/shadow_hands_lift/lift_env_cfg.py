# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the task in which two hands lift a pot."""

from __future__ import annotations

import isaaclab.sim as sim_utils
from isaaclab.assets import AssetBaseCfg, RigidObjectCfg
from isaaclab.markers import VisualizationMarkersCfg
from isaaclab.utils import configclass, replace
from isaaclab_assets.robots.shadow_hand import JOINT_NAMES

from ddpl_isaac.assets.shadow_hand import SLIDE_NAMES, SLIDING_HAND_CFG
from ddpl_isaac.assets.things import HANDLE, POT_FILE, POT_HALF_EDGES
from ddpl_isaac.tasks.engines import OBJECT_PROPS
from ddpl_isaac.tasks.hands.hands_env_cfg import HandsEnvCfg
from ddpl_isaac.tasks.hands.scene_cfg import HandsSceneCfg, Pose, placed_hand

BAR_IN_HAND = (0.375, 0.061)
"""Where the bar of a handle is for a hand whose slides are at zero: along its fingers, over its forearm [m].

The bar is 3 cm above the flat fingers then, and a third of the way along them.
"""

HAND_HEIGHT = 0.5
POT_HEIGHT = HAND_HEIGHT + BAR_IN_HAND[1] - HANDLE[1]
"""Heights of the hands' roots and of the middle of the pot at the start [m]."""

POT_CENTRE = -BAR_IN_HAND[0] - HANDLE[0]
"""Where the middle of the pot is along y [m]; the fingers of the right hand point along -y."""

RIGHT_HAND: Pose = ((0.0, 0.0, HAND_HEIGHT), (0.0, 0.0, 0.0, 1.0))
LEFT_HAND: Pose = ((0.0, 2.0 * POT_CENTRE, HAND_HEIGHT), (0.0, 0.0, 1.0, 0.0))
"""Two right hands face each other, palms up, each below a handle."""

PEDESTAL_HEIGHT = POT_HEIGHT - POT_HALF_EDGES[2] - 0.005
"""Of what the pot stands on [m]; it is put down from 5 mm."""

_SLIDES = {SLIDE_NAMES[0]: -0.08, SLIDE_NAMES[1]: 0.0}
_HAND = replace(
    SLIDING_HAND_CFG,
    init_state=replace(SLIDING_HAND_CFG.init_state, joint_pos={"rh_(WR|FF|MF|RF|LF|TH).*": 0.0, **_SLIDES}),
)


@configclass
class LiftSceneCfg(HandsSceneCfg):
    """Two hands on slides, and a pot on a pedestal between them."""

    right_hand = placed_hand("right_hand", RIGHT_HAND, _HAND)
    left_hand = placed_hand("left_hand", LEFT_HAND, _HAND)
    pedestal: AssetBaseCfg = AssetBaseCfg(
        prim_path="{ENV_REGEX_NS}/pedestal",
        spawn=sim_utils.CuboidCfg(
            size=(0.16, 0.16, PEDESTAL_HEIGHT),
            collision_props=sim_utils.UsdPhysicsCollisionCfg(),
            visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.6, 0.6, 0.62)),
        ),
        init_state=AssetBaseCfg.InitialStateCfg(pos=(0.0, POT_CENTRE, PEDESTAL_HEIGHT / 2.0)),
    )
    object = RigidObjectCfg(
        prim_path="{ENV_REGEX_NS}/object",
        spawn=sim_utils.UsdFileCfg(usd_path=str(POT_FILE), rigid_props=OBJECT_PROPS),
        init_state=RigidObjectCfg.InitialStateCfg(pos=(0.0, POT_CENTRE, POT_HEIGHT)),
    )
    goal_marker = VisualizationMarkersCfg(
        prim_path="/Visuals/goal_marker",
        markers={
            "goal": sim_utils.SphereCfg(
                radius=0.02, visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.4, 0.3, 1.0))
            )
        },
    )


@configclass
class ShadowHandsLiftEnvCfg(HandsEnvCfg):
    """The slides are motors of the hands, 22 per hand, and the goal is over the pot."""

    scene = LiftSceneCfg(num_envs=2048, env_spacing=2.0, replicate_physics=True)
    episode_length_s = 5.0
    actuated_joint_names = [*SLIDE_NAMES, *JOINT_NAMES]
    state_space = 302
    object_name = "pot"

    reset_position_noise = 0.004
    reset_dof_pos_noise = 0.1
    act_moving_average = 0.2
    """A fifth of the way per step: a slide that jumped from end to end would throw the pot."""
    fall_dist = 0.38
    """The episode fails when the pot has fallen from its pedestal [m]."""

    goal_low: float = 0.08
    goal_high: float = 0.15
    """Range of the heights above its start to which the pot is to be lifted [m]."""
    dist_reward_scale: float = 10.0
    """Rate at which the reward 2 exp(-rate * distance - rate' * tilt) falls with the distance to the goal [1/m]."""
    tilt_reward_scale: float = 2.0
    """Rate' at which it falls with the tilt of the pot [1/rad]."""
    success_distance_threshold: float = 0.03
    """A step counts towards success within this distance of the goal [m] ..."""
    success_tilt_threshold: float = 0.2
    """... and within this tilt [rad]."""
    success_steps_required: int = 20
    """Steps in sum after which an episode is a success."""
