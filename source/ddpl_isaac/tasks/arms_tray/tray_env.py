# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two arms and a tray as a decision process of two cooperating agents."""

from __future__ import annotations

import torch
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from isaaclab.assets import Articulation
from isaaclab.envs import DirectMARLEnv
from isaaclab.utils.math import quat_apply_inverse, sample_uniform, scale_transform

from ddpl_isaac.envs.signals import AgentSignals
from ddpl_isaac.tasks.terms import closeness, failed, tilt

from .signals import arm_signals
from .terms import ball_lost, tray_cost

if TYPE_CHECKING:
    from .tray_env_cfg import ArmsTrayEnvCfg


class TrayEnv(DirectMARLEnv):
    """Two arms hold a tray by its bars and carry it, with a ball on it, to a goal.

    ``extras["metrics"]``, tensors of shape (num_envs,), tells of every episode that ended in this step: ``success``,
    whether the tray was near its goal for long enough; ``goal_distance``, the last distance to it [m].

    Both arms are handled as one tensor, arms first: ``A`` arms, ``N`` environments, ``J`` joints.
    """

    cfg: ArmsTrayEnvCfg

    def __init__(self, cfg: ArmsTrayEnvCfg, render_mode: str | None = None, **kwargs: Any) -> None:
        """Build the simulation from its settings."""
        super().__init__(cfg, render_mode, **kwargs)
        self.arms: list[Articulation] = [self.scene[name] for name in cfg.arm_names]
        self.tray, self.ball = self.scene["tray"], self.scene["ball"]
        self._hand = self.arms[0].find_bodies("link7")[0][0]
        # views of the command buffers, which spare the setters' writes to the engine: one write follows anyway
        self._commands = [arm.actuators.target_command.position.torch for arm in self.arms]
        limits = self.arms[0].data.joint_limits.torch
        self._joint_limits = limits[..., 0], limits[..., 1]
        self._targets = torch.zeros(len(self.arms), self.num_envs, self.arms[0].num_joints, device=self.device)
        self._goal = torch.zeros(self.num_envs, 3, device=self.device)
        self._level = torch.zeros(self.num_envs, 4, device=self.device)
        self._level[:, 3] = 1.0
        self._success_steps = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self._read_state()

    @property
    def signals(self) -> dict[str, AgentSignals]:
        """Meaning of the columns of every agent's observation and action."""
        return dict.fromkeys(self.cfg.arm_names, arm_signals(self.cfg, self.arms[0].joint_names))

    def _pre_physics_step(self, actions: dict[str, torch.Tensor]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Move the targets of all joints; they hold until the next decision."""
        cfg = self.cfg
        action = torch.stack([actions[name] for name in cfg.arm_names])
        targets = self._targets + cfg.joint_speed * self.step_dt * action
        targets = targets.clamp(self._joint_pos - cfg.joint_lead, self._joint_pos + cfg.joint_lead)
        targets = targets.clamp(*self._joint_limits)
        # the engine must never see what is no number
        self._targets.copy_(torch.where(torch.isfinite(targets), targets, self._targets))
        for command, target in zip(self._commands, self._targets, strict=True):
            command.copy_(target)
        self.scene.targets_changed = True

    def _apply_action(self) -> None:
        """Nothing is left to do per physics step."""

    def _get_observations(self) -> dict[str, torch.Tensor]:
        shared = self._shared_observation().expand(len(self.arms), -1, -1)
        return dict(zip(self.cfg.arm_names, torch.cat([self._arm_observations(), shared], dim=-1), strict=True))

    def _get_states(self) -> torch.Tensor:
        return torch.cat([*self._arm_observations(), self._shared_observation()], dim=-1)

    def _arm_observations(self) -> torch.Tensor:
        """Return joints, how far their targets lead, and the place of the last link. Shape: (A, N, 24)."""
        position = scale_transform(self._joint_pos, *self._joint_limits)
        lead = self._targets - self._joint_pos
        return torch.cat([position, self._joint_vel, lead, self._hand_pos], dim=-1)

    def _shared_observation(self) -> torch.Tensor:
        """Return tray, ball against the tray, and the way to the goal. Shape: (N, 22)."""
        position = self._tray_pose[:, :3]
        return torch.cat(
            [self._tray_pose, self._tray_vel, self._ball_pos, self._ball_vel, self._goal - position], dim=-1
        )

    def _get_dones(self) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        self._read_state()
        cfg = self.cfg
        over = failed(self._tray_pose, self._joint_pos, cfg.lowest) | ball_lost(self._ball_pos, cfg.ball_drop)
        over |= self._tilt > cfg.max_tilt
        timed_out = self.episode_length_buf >= self.max_episode_length - 1
        return dict.fromkeys(self.possible_agents, over), dict.fromkeys(self.possible_agents, timed_out)

    def _get_rewards(self) -> dict[str, torch.Tensor]:
        cfg = self.cfg
        self._distance = torch.linalg.norm(self._tray_pose[:, :3] - self._goal, dim=-1)
        self._success_steps += self._distance < cfg.success_distance_threshold
        reward = closeness(tray_cost(cfg, self._distance, self._tilt, self._ball_pos))
        self._draw_goals()
        means = {"Metrics/goal_distance": self._distance.mean(), "Metrics/tilt": self._tilt.mean()}
        self.extras.setdefault("log", {}).update(means)
        return dict.fromkeys(self.possible_agents, reward)

    def _draw_goals(self) -> None:
        """Show where the tray is wanted, if anyone looks."""
        if self.sim.is_rendering:
            position = self._goal + self.scene.env_origins
            self.scene["goal_marker"].visualize(position, self._level, environment_ids=self.scene._ALL_INDICES)

    def _reset_idx(self, env_ids: torch.Tensor | None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if env_ids is None:
            env_ids = torch.arange(self.num_envs, device=self.device)
        if self.common_step_counter > 0:
            success = (self._success_steps >= self.cfg.success_steps_required).float()
            self.extras["metrics"] = {"success": success, "goal_distance": self._distance.clone()}
        super()._reset_idx(cast("Sequence[int]", env_ids))
        self._success_steps[env_ids] = 0
        start = self.tray.data.default_root_pose.torch[env_ids, :3]
        low, high = (torch.tensor(corner, device=self.device) for corner in (self.cfg.goal_low, self.cfg.goal_high))
        self._goal[env_ids] = start + low + (high - low) * torch.rand_like(start)
        self._draw_goals()
        for arm, command, target in zip(self.arms, self._commands, self._targets, strict=True):
            command[env_ids] = target[env_ids] = self._reset_arm(arm, env_ids)
        self._reset_body(self.tray, env_ids, 0.0)
        self._reset_body(self.ball, env_ids, self.cfg.reset_ball_noise)
        self._read_state()

    def _reset_arm(self, arm: Articulation, env_ids: torch.Tensor) -> torch.Tensor:
        """Put one arm at rest into its default pose and return the joint positions. Shape: (len(env_ids), J)."""
        position = arm.data.default_joint_pos.torch[env_ids]
        arm.write_joint_position_to_sim_index(position=position, env_ids=env_ids)
        arm.write_joint_velocity_to_sim_index(velocity=torch.zeros_like(position), env_ids=env_ids)
        return position

    def _reset_body(self, body: Any, env_ids: torch.Tensor, noise: float) -> None:
        """Put tray or ball at rest where it starts, by up to ``noise`` [m] off along x and y."""
        pose = body.data.default_root_pose.torch[env_ids]
        pose[:, :2] += noise * sample_uniform(-1.0, 1.0, (len(env_ids), 2), self.device)
        pose[:, :3] += self.scene.env_origins[env_ids]
        body.write_root_pose_to_sim_index(root_pose=pose, env_ids=env_ids)
        body.write_root_velocity_to_sim_index(
            root_velocity=torch.zeros(len(env_ids), 6, device=self.device), env_ids=env_ids
        )

    def _read_state(self) -> None:
        """Fetch joints (A, N, J), the last links' places (A, N, 3), tray (N, 7 and 6) and ball (N, 3 and 3).

        Places are in the frame of the environment; place and velocity of the ball are those against the tray, in the
        tray's frame.
        """
        data, origins = [arm.data for arm in self.arms], self.scene.env_origins
        self._joint_pos = torch.stack([arm.joint_pos.torch for arm in data])
        self._joint_vel = torch.stack([arm.joint_vel.torch for arm in data])
        self._hand_pos = torch.stack([arm.body_link_pose_w.torch[:, self._hand, :3] for arm in data]) - origins
        self._tray_pose = self.tray.data.root_link_pose_w.torch.clone()
        self._tray_pose[:, :3] -= origins
        self._tray_vel = self.tray.data.root_com_vel_w.torch.clone()
        self._tilt = tilt(self._tray_pose[:, 3:])
        ball, rotation = self.ball.data, self._tray_pose[:, 3:]
        way = ball.root_link_pose_w.torch[:, :3] - origins - self._tray_pose[:, :3]
        self._ball_pos = quat_apply_inverse(rotation, way)
        self._ball_vel = quat_apply_inverse(rotation, ball.root_com_vel_w.torch[:, :3] - self._tray_vel[:, :3])
