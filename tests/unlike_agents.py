# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A task of somebody else: unlike agents, a state of its own, no settings for DDPL, no choice of physics.

Every environment has a box of 1 kg in weightlessness. ``pusher`` accelerates it along x, ``guide`` along y and z.
"""

import torch

import gymnasium as gym

import isaaclab.sim as sim_utils
from isaaclab.assets import RigidObjectCfg
from isaaclab.envs import DirectMARLEnv, DirectMARLEnvCfg
from isaaclab.scene import InteractiveSceneCfg
from isaaclab.sim import SimulationCfg
from isaaclab.utils import configclass


@configclass
class UnlikeAgentsSceneCfg(InteractiveSceneCfg):
    box: RigidObjectCfg = RigidObjectCfg(
        prim_path="{ENV_REGEX_NS}/Box",
        spawn=sim_utils.CuboidCfg(
            size=(0.2, 0.2, 0.2),
            rigid_props=sim_utils.RigidBodyPropertiesCfg(disable_gravity=True),
            mass_props=sim_utils.MassPropertiesCfg(mass=1.0),
            collision_props=sim_utils.CollisionPropertiesCfg(),
        ),
    )


@configclass
class UnlikeAgentsEnvCfg(DirectMARLEnvCfg):
    decimation = 2
    episode_length_s = 0.2
    possible_agents = ["pusher", "guide"]
    action_spaces = {"pusher": gym.spaces.Box(-2.0, 3.0, (1,)), "guide": 2}
    observation_spaces = {"pusher": 3, "guide": gym.spaces.Box(-1.0, 1.0, (2, 2))}
    state_space = 5
    sim: SimulationCfg = SimulationCfg(dt=1 / 120, render_interval=2)
    scene: UnlikeAgentsSceneCfg = UnlikeAgentsSceneCfg(num_envs=4, env_spacing=2.0)
    fail_after: int = 0
    """Steps after which environment 0 fails; 0 for never."""
    nan_after: int = 0
    """Steps of the simulation after which environment 1 observes NaN; 0 for never."""


class UnlikeAgentsEnv(DirectMARLEnv):
    def __init__(self, cfg, render_mode=None, **kwargs):
        super().__init__(cfg, render_mode, **kwargs)
        self.box = self.scene["box"]
        self.taken = torch.zeros(self.num_envs, 3, device=self.device)

    def _pre_physics_step(self, actions):
        self.taken = torch.cat([actions["pusher"], actions["guide"]], dim=-1)

    def _apply_action(self):
        velocity = self.box.data.root_com_vel_w.torch.clone()
        velocity[:, :3] += self.taken * self.physics_dt
        self.box.write_root_velocity_to_sim_index(root_velocity=velocity)

    def _get_observations(self):
        position = self.box.data.root_pos_w.torch - self.scene.env_origins
        if 0 < self.cfg.nan_after <= self.common_step_counter:
            position[1] = float("nan")
        return {"pusher": position, "guide": torch.cat([self.taken, position[:, :1]], dim=-1).view(-1, 2, 2)}

    def _get_states(self):
        position = self.box.data.root_pos_w.torch - self.scene.env_origins
        return torch.cat([position, self.episode_length_buf[:, None].float(), self.taken[:, :1]], dim=-1)

    def _get_rewards(self):
        return {"pusher": self.taken[:, 0], "guide": self.taken[:, 1]}

    def _get_dones(self):
        failed = torch.zeros(self.num_envs, dtype=torch.bool, device=self.device)
        if self.cfg.fail_after:
            failed[0] = self.episode_length_buf[0] >= self.cfg.fail_after
        timed_out = self.episode_length_buf >= self.max_episode_length
        return dict.fromkeys(self.possible_agents, failed), dict.fromkeys(self.possible_agents, timed_out)

    def _reset_idx(self, env_ids):
        super()._reset_idx(env_ids)
        if not hasattr(self, "box"):
            return
        pose = self.box.data.default_root_pose.torch[env_ids].clone()
        pose[:, :3] += self.scene.env_origins[env_ids]
        self.box.write_root_pose_to_sim_index(root_pose=pose, env_ids=env_ids)
        velocity = torch.zeros(len(env_ids), 6, device=self.device)
        self.box.write_root_velocity_to_sim_index(root_velocity=velocity, env_ids=env_ids)
        self.taken[env_ids] = 0.0
        self.extras["pusher"]["log"] = {"resets": float(len(env_ids))}


gym.register(
    id="Test-Unlike-Agents",
    entry_point=f"{__name__}:UnlikeAgentsEnv",
    disable_env_checker=True,
    kwargs={"env_cfg_entry_point": f"{__name__}:UnlikeAgentsEnvCfg"},
)
