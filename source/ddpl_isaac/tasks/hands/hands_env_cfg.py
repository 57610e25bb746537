# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings that all tasks of Shadow Hands share. Every figure is that of ``Isaac-Shadow-Handover-Direct``."""

from __future__ import annotations

from collections.abc import Sequence

from isaaclab.envs import DirectMARLEnvCfg
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass
from isaaclab_assets.robots.shadow_hand import FINGERTIP_NAMES, JOINT_NAMES, TENDON_NAMES, TENDON_POSITION_LIMITS

from ddpl_isaac.assets.shadow_hand import TENDON_JOINT_NAMES
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.tasks.agent_parts import AgentParts
from ddpl_isaac.tasks.engines import contact_simulation

from .parts import CARRIER, PARTS
from .scene_cfg import HandsSceneCfg
from .signals import hand_signals

DECIMATION = 2
"""Physics steps per decision."""


@configclass
class HandsEnvCfg(DirectMARLEnvCfg):
    """60 decisions per second for 7.5 s, 20 motors per hand."""

    hand_names = ["right_hand", "left_hand"]
    decimation = DECIMATION
    episode_length_s = 7.5
    possible_agents = hand_names
    action_spaces = dict.fromkeys(hand_names, 20)
    observation_spaces = dict.fromkeys(hand_names, 157)
    state_space = 290
    sim: SimulationCfg = contact_simulation(DECIMATION, eye=(1.6, -0.5, 1.1), lookat=(0.0, -0.5, 0.55))
    scene: HandsSceneCfg = HandsSceneCfg(num_envs=2048, env_spacing=1.5, replicate_physics=True)  # pyright: ignore[reportIncompatibleVariableOverride]

    agents_per_hand: int = 1
    """Agents that move a hand: 1, 2 (wrist and thumb; fingers) or 6 (wrist, thumb, four fingers)."""
    observe_whole_hand: bool = False
    """Whether each of several agents of a hand observes all of it, or only its own joints, fingertip and last action,
    the wrist, the object and the goal."""

    # both hands that can be used have these names; the order of the tendons is that of the actions
    actuated_joint_names = JOINT_NAMES
    actuated_tendon_names = TENDON_NAMES
    actuated_tendon_position_limits = TENDON_POSITION_LIMITS
    fingertip_body_names = FINGERTIP_NAMES

    reset_position_noise: float = 0.01
    """The object starts within this distance per axis [m]."""
    reset_dof_pos_noise: float = 0.2
    """First joint positions: this share of the way from the default to a random one within the limits."""
    reset_dof_vel_noise: float = 0.0
    """Range of the first joint velocities [rad/s]."""

    fall_dist: float = 0.24
    """The episode fails when the object is at or below this height [m]."""
    vel_obs_scale: float = 0.2
    """Factor of joint velocities and of the object's angular velocity in the observations."""
    act_moving_average: float = 1.0
    """Share of the new joint target in the moving average of targets, in (0, 1]."""

    object_name = "ball"
    """What the object is called in exported policies."""

    def bodies(self) -> list[str]:
        """Return what the agents, or groups of agents, that move a hand are called."""
        return list(self.hand_names)

    def frame(self) -> str:
        """Return what positions and directions refer to, for exported policies."""
        return "in the frame of the environment"

    def divide(
        self,
        joints: Sequence[str],
        fingertips: Sequence[str],
        motors: Sequence[str],
        tendons: Sequence[str],
        device: str = "cpu",
    ) -> AgentParts:
        """Return whom the columns of every hand belong to.

        Args:
            joints: Joints of a hand, in the order of their columns as are the others.
            fingertips: Links whose motion is observed.
            motors: Joints that an action moves.
            tendons: Tendons that an action moves.
            device: Where observations and actions live.
        """
        signals = hand_signals(
            joints,
            fingertips,
            motors,
            tendons,
            object_name=self.object_name,
            frame=self.frame(),
            velocity_scale=self.vel_obs_scale,
            moving_average=self.act_moving_average,
            tendon_limits=self.actuated_tendon_position_limits,
        )
        return AgentParts(
            dict.fromkeys(self.bodies(), signals),
            PARTS[self.agents_per_hand],
            carrier=CARRIER,
            whole_body=self.observe_whole_hand,
            device=device,
        )

    def validate_config(self) -> None:
        """Derive agents and spaces. Isaac Lab calls this before it starts the simulator.

        Raises:
            ConfigError: If no hand can be divided like this.
        """
        if self.agents_per_hand not in PARTS:
            valid = " or ".join(str(number) for number in PARTS)
            raise ConfigError(f"env.agents_per_hand is {self.agents_per_hand}; it must be {valid}.")
        joints = [*self.actuated_joint_names, *TENDON_JOINT_NAMES]
        parts = self.divide(joints, self.fingertip_body_names, self.actuated_joint_names, self.actuated_tendon_names)
        self.possible_agents = list(parts.agents)
        self.observation_spaces, self.action_spaces = parts.sizes()
