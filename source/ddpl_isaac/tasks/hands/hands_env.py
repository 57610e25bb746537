# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Shadow Hands and an object as a decision process of cooperating agents."""

from __future__ import annotations

import torch
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from isaaclab.assets import Articulation
from isaaclab.envs import DirectMARLEnv
from isaaclab.utils.math import (
    quat_conjugate,
    quat_mul,
    sample_uniform,
    saturate,
    scale_transform,
    unscale_transform,
)
from isaaclab_tasks.core.reorient.utils import (
    randomize_rotation,
    resolve_actuated_tendons,
    sample_joint_positions_within_limits,
)

from ddpl_isaac.envs.signals import AgentSignals
from ddpl_isaac.tasks.common import require_asset
from ddpl_isaac.tasks.terms import failed

from .roles import Seen

if TYPE_CHECKING:
    from .hands_env_cfg import HandsEnvCfg


class HandsEnv(DirectMARLEnv):
    """Hands of the same model handle an object. A task adds :attr:`goal_position`, rewards, and what episodes report.

    All hands are handled as one tensor, hands first: ``H`` hands, ``N`` environments, ``J`` joints, ``T`` fingertips.
    """

    cfg: HandsEnvCfg

    def __init__(self, cfg: HandsEnvCfg, render_mode: str | None = None, **kwargs: Any) -> None:
        """Build the simulation from its settings."""
        for name in cfg.hand_names:
            require_asset(getattr(cfg.scene, name).spawn.usd_path)
        super().__init__(cfg, render_mode, **kwargs)
        self.hands: list[Articulation] = [self.scene[name] for name in cfg.hand_names]
        self.object = self.scene["object"]
        self._find_motors_and_fingertips()
        # views of the command buffers, which spare the setters' writes to the engine: one write follows anyway
        self._commands = [hand.actuators.target_command.position.torch for hand in self.hands]
        self._goal_rot = torch.zeros(self.num_envs, 4, device=self.device)
        self._goal_rot[:, 3] = 1.0
        self._axes = torch.eye(3, device=self.device)
        num_motors = len(self._motors) + len(self._tendons)
        self._action = torch.zeros(len(self.hands), self.num_envs, num_motors, device=self.device)
        self._prev_targets = torch.zeros(len(self.hands), self.num_envs, self.hands[0].num_joints, device=self.device)
        self._read_state()

    def _find_motors_and_fingertips(self) -> None:
        """Look up what the agents move and feel. All hands are one model, so one set of indices serves them all."""
        cfg, hand = self.cfg, self.hands[0]
        motors, _ = hand.find_joints(cfg.actuated_joint_names)
        self._tendons, *self._tendon_limits = resolve_actuated_tendons(
            hand, cfg.actuated_tendon_names, 1, self.device, cfg.actuated_tendon_position_limits
        )
        fingertips, _ = hand.find_bodies(cfg.fingertip_body_names)
        self._parts = cfg.divide(
            hand.joint_names,
            [hand.body_names[i] for i in fingertips],
            [hand.joint_names[i] for i in motors],
            [hand.fixed_tendon_names[i] for i in self._tendons],
            self.device,
        )
        # index tensors on the device spare an upload per step
        self._motors = torch.tensor(motors, device=self.device)
        self._fingertips = torch.tensor(fingertips, device=self.device)
        limits = hand.data.joint_limits.torch
        self._joint_limits = limits[..., 0], limits[..., 1]
        self._motor_limits = limits[:, self._motors, 0], limits[:, self._motors, 1]

    @property
    def signals(self) -> dict[str, AgentSignals]:
        """Meaning of the columns of every agent's observation and action."""
        return self._parts.signals

    @property
    def exploration_points(self) -> dict[str, torch.Tensor]:
        """Places of the object (N, 1, 3) and of all fingertips (N, H * T, 3), in the frame that agents observe [m]."""
        fingertips = self._fingertip_pose[..., :3].transpose(0, 1).flatten(1, 2)
        return {"object": self._object_pose[:, None, :3], "fingertip": fingertips}

    @property
    def goal_position(self) -> torch.Tensor:
        """Where the object is wanted [m]. Shape: (N, 3)."""
        raise NotImplementedError

    def _pre_physics_step(self, actions: dict[str, torch.Tensor]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Turn actions in [-1, 1], motors of joints before tendons, into targets that hold until the next decision."""
        self.actions = actions
        self._action = self._by_hand(torch.stack([*self._parts.join(actions).values()]))
        motor_actions, tendon_actions = self._action.split([len(self._motors), len(self._tendons)], dim=-1)

        previous, share = self._prev_targets[..., self._motors], self.cfg.act_moving_average
        targets = share * unscale_transform(motor_actions, *self._motor_limits) + (1.0 - share) * previous
        targets = saturate(targets, *self._motor_limits)
        targets = torch.where(torch.isfinite(targets), targets, previous)  # the engine must never see what is no number
        self._prev_targets[..., self._motors] = targets

        tendon_targets = saturate(unscale_transform(tendon_actions, *self._tendon_limits), *self._tendon_limits)
        tendon_targets = torch.nan_to_num(tendon_targets)
        for hand, command, target, tendon_target in zip(
            self.hands, self._commands, targets, tendon_targets, strict=True
        ):
            command[:, self._motors] = target
            hand.set_fixed_tendon_position_target_index(target=tendon_target, fixed_tendon_ids=self._tendons)
        self.scene.targets_changed = True

    def _apply_action(self) -> None:
        """Nothing is left to do per physics step."""

    def _by_hand(self, by_agent: torch.Tensor) -> torch.Tensor:
        """Bring actions from the order of those who have hands into that of the hands. Shape: (H, N, ...), the same."""
        return by_agent

    def _seen(self) -> Seen:
        """Return what is observed, in the order and in the frame of those who have hands."""
        return Seen(
            self._joint_pos,
            self._joint_vel,
            self._fingertip_pose,
            self._fingertip_vel,
            self._action,
            self._object_pose,
            self._object_vel,
            self.goal_position,
            self._goal_rot,
        )

    def _get_observations(self) -> dict[str, torch.Tensor]:
        seen = self._seen()
        shared = self._object_observation(seen).expand(len(self.hands), -1, -1)
        own = torch.cat([self._hand_observations(seen), shared], dim=-1)
        return self._parts.split(dict(zip(self.cfg.bodies(), own, strict=True)))

    def _get_states(self) -> torch.Tensor:
        seen = self._seen()
        return torch.cat([*self._hand_observations(seen), self._object_observation(seen)], dim=-1)

    def _hand_observations(self, seen: Seen) -> torch.Tensor:
        """Return what the hands feel (joints, fingertips) and were told (actions). Shape: (H, N, 133)."""
        return torch.cat(
            [
                scale_transform(seen.joint_pos, *self._joint_limits),
                self.cfg.vel_obs_scale * seen.joint_vel,
                seen.fingertip_pose[..., :3].flatten(2),
                seen.fingertip_pose[..., 3:].flatten(2),
                seen.fingertip_vel.flatten(2),
                seen.action,
            ],
            dim=-1,
        )

    def _object_observation(self, seen: Seen) -> torch.Tensor:
        """Return pose and velocity of the object, the goal, and the turn between them. Shape: (N, 24)."""
        position, rotation = seen.object_pose.split([3, 4], dim=-1)
        linear, angular = seen.object_vel.split([3, 3], dim=-1)
        turn = quat_mul(rotation, quat_conjugate(seen.goal_rotation))
        velocity = [linear, self.cfg.vel_obs_scale * angular]
        return torch.cat([position, rotation, *velocity, seen.goal_position, seen.goal_rotation, turn], dim=-1)

    def _get_dones(self) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        self._read_state()
        # a world of non-finite state is put back to its start, the only way to a finite one
        over = failed(self._object_pose, self._joint_pos, self.cfg.fall_dist)
        timed_out = self.episode_length_buf >= self.max_episode_length - 1
        return dict.fromkeys(self.possible_agents, over), dict.fromkeys(self.possible_agents, timed_out)

    def _draw_goals(self) -> None:
        """Show where the object is wanted, if anyone looks."""
        if self.sim.is_rendering:
            position = self.goal_position + self.scene.env_origins
            self.scene["goal_marker"].visualize(position, self._goal_rot, environment_ids=self.scene._ALL_INDICES)

    def _reset_idx(self, env_ids: torch.Tensor | None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if env_ids is None:
            env_ids = torch.arange(self.num_envs, device=self.device)
        self._log_episodes(env_ids)
        super()._reset_idx(cast("Sequence[int]", env_ids))
        self._reset_goals(env_ids)
        self._draw_goals()
        self._reset_object(env_ids)
        for hand, command, previous in zip(self.hands, self._commands, self._prev_targets, strict=True):
            command[env_ids] = previous[env_ids] = self._reset_hand(hand, env_ids)
        self._read_state()

    def _log_episodes(self, env_ids: torch.Tensor) -> None:
        """Report the episodes that end now."""
        raise NotImplementedError

    def _reset_goals(self, env_ids: torch.Tensor) -> None:
        """Choose the goals of new episodes."""
        raise NotImplementedError

    def _reset_object(self, env_ids: torch.Tensor) -> None:
        """Put objects at rest near their start."""
        pose = self.object.data.default_root_pose.torch[env_ids]
        pose[:, :3] += self.cfg.reset_position_noise * sample_uniform(-1.0, 1.0, (len(env_ids), 3), self.device)
        pose[:, :3] += self.scene.env_origins[env_ids]
        pose[:, 3:] = self._object_rotation(len(env_ids))
        velocity = torch.zeros(len(env_ids), 6, device=self.device)
        self.object.write_root_pose_to_sim_index(root_pose=pose, env_ids=env_ids)
        self.object.write_root_velocity_to_sim_index(root_velocity=velocity, env_ids=env_ids)

    def _reset_hand(self, hand: Articulation, env_ids: torch.Tensor) -> torch.Tensor:
        """Put one hand into random poses near its default and return the joint positions. Shape: (len(env_ids), J)."""
        data = hand.data
        limits = data.joint_limits.torch[env_ids]
        position = data.default_joint_pos.torch[env_ids]
        position = sample_joint_positions_within_limits(position, limits, self.cfg.reset_dof_pos_noise)
        noise = self.cfg.reset_dof_vel_noise * sample_uniform(-1.0, 1.0, position.shape, self.device)
        velocity = data.default_joint_vel.torch[env_ids] + noise
        hand.write_joint_position_to_sim_index(position=position, env_ids=env_ids)
        hand.write_joint_velocity_to_sim_index(velocity=velocity, env_ids=env_ids)
        return position

    def _object_rotation(self, count: int) -> torch.Tensor:
        """Draw rotations in which the object starts. Shape: (count, 4)."""
        return self._random_rotation(count)

    def _random_rotation(self, count: int) -> torch.Tensor:
        """Draw rotations (x, y, z, w) about x and y. Shape: (count, 4)."""
        angles = sample_uniform(-1.0, 1.0, (count, 2), self.device)
        return randomize_rotation(angles[:, 0], angles[:, 1], *(axis.expand(count, 3) for axis in self._axes[:2]))

    def _read_state(self) -> None:
        """Fetch joints (H, N, J), fingertips (H, N, T, 7 and 6) and the object (N, 7 and 6), origins subtracted."""
        data = [hand.data for hand in self.hands]
        origins = self.scene.env_origins
        self._joint_pos = torch.stack([hand.joint_pos.torch for hand in data])
        self._joint_vel = torch.stack([hand.joint_vel.torch for hand in data])
        self._fingertip_pose = torch.stack([hand.body_link_pose_w.torch[:, self._fingertips] for hand in data])
        self._fingertip_pose[..., :3] -= origins.unsqueeze(1)
        self._fingertip_vel = torch.stack([hand.body_com_vel_w.torch[:, self._fingertips] for hand in data])
        self._object_pose = self.object.data.root_link_pose_w.torch.clone()
        self._object_pose[:, :3] -= origins
        self._object_vel = self.object.data.root_com_vel_w.torch.clone()
