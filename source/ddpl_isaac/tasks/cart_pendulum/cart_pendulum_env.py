# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The cart-double-pendulum as a decision process of two cooperating agents."""

from __future__ import annotations

import math
import torch
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from isaaclab.envs import DirectMARLEnv
from isaaclab.utils.math import sample_uniform

from ddpl_isaac.envs.signals import AgentSignals, Signal

if TYPE_CHECKING:
    from .cart_pendulum_env_cfg import CartPendulumEnvCfg


class CartPendulumEnv(DirectMARLEnv):
    """A force on the cart and a torque between the poles keep both poles upright.

    The same decision process as Isaac Lab's ``Isaac-Pendulum-MARL-Direct``. ``extras["metrics"]["success"]``, of shape
    (num_envs,), tells of every episode that ended in this step whether both links were upright at its end.
    """

    cfg: CartPendulumEnvCfg

    def __init__(self, cfg: CartPendulumEnvCfg, render_mode: str | None = None, **kwargs: Any) -> None:
        """Build the simulation from its settings."""
        super().__init__(cfg, render_mode, **kwargs)
        self.robot = self.scene["robot"]
        names = [cfg.cart_dof_name, cfg.pole_dof_name, cfg.pendulum_dof_name]
        joint_ids, _ = self.robot.find_joints(names, preserve_order=True)
        self._pole_columns = joint_ids[1:]
        # index tensors on the device spare an upload per step
        self._joint_ids = torch.tensor(joint_ids, device=self.device)
        self._motor_ids = self._joint_ids[[0, 2]]
        self._command = self.robot.actuators.target_command.effort.torch
        self._effort_scale = torch.tensor([cfg.cart_action_scale, cfg.pendulum_action_scale], device=self.device)
        self._success_steps = round(cfg.success_duration_s / self.step_dt)
        self._upright_steps = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self._read_joints()

    @property
    def signals(self) -> dict[str, AgentSignals]:
        """Meaning of the columns of every agent's observation and action."""
        cfg = self.cfg
        cart = (
            Signal("cart", "m, m/s", ("position", "velocity")),
            Signal("pole", "rad from the vertical, rad/s", ("angle", "velocity")),
        )
        pendulum = (
            Signal("pendulum", "rad from the vertical", ("angle",)),
            Signal("joint", "rad and rad/s from the pole", ("angle", "velocity")),
        )
        force = Signal("force", f"{cfg.cart_action_scale:g} N", (cfg.cart_dof_name,))
        torque = Signal("torque", f"{cfg.pendulum_action_scale:g} N m", (cfg.pendulum_dof_name,))
        return {"cart": AgentSignals(cart, (force,)), "pendulum": AgentSignals(pendulum, (torque,))}

    def _pre_physics_step(self, actions: dict[str, torch.Tensor]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.actions = actions
        efforts = torch.cat([actions["cart"], actions["pendulum"]], dim=-1) * self._effort_scale
        # the command stays in force for every physics step of this decision
        self._command[:, self._motor_ids] = torch.nan_to_num(efforts, posinf=0.0, neginf=0.0)
        self.scene.targets_changed = True

    def _apply_action(self) -> None:
        """Nothing is left to do per physics step."""

    def _get_observations(self) -> dict[str, torch.Tensor]:
        cart, pole, pendulum = self._pos.split(1, dim=-1)
        cart_vel, pole_vel, pendulum_vel = self._vel.split(1, dim=-1)
        pole, pendulum = wrap_angle(pole), wrap_angle(pendulum)
        return {
            "cart": torch.cat([cart, cart_vel, pole, pole_vel], dim=-1),
            "pendulum": torch.cat([pole + pendulum, pendulum, pendulum_vel], dim=-1),
        }

    def _get_states(self) -> torch.Tensor:
        """Not called: the state is the concatenation of the observations."""
        raise NotImplementedError

    def _get_dones(self) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        self._read_joints()
        out_of_bounds = (self._pos[:, 0].abs() > self.cfg.max_cart_pos) | (self._pos[:, 1].abs() > math.pi / 2)
        # a robot of non-finite state is put back to its start, the only way to a finite one
        failed: torch.Tensor = out_of_bounds | ~torch.isfinite(self._pos.sum(dim=-1) + self._vel.sum(dim=-1))
        timed_out = self.episode_length_buf >= self.max_episode_length - 1
        self._upright = self._links_upright()
        self._upright_steps.add_(1).mul_(self._upright)  # in place: callers step and reset in different inference modes
        return dict.fromkeys(self.possible_agents, failed), dict.fromkeys(self.possible_agents, timed_out)

    def _get_rewards(self) -> dict[str, torch.Tensor]:
        cfg = self.cfg
        _, pole, pendulum = self._pos.unbind(dim=-1)
        cart_vel, pole_vel, pendulum_vel = self._vel.unbind(dim=-1)
        failed = self.terminated_dict["cart"].float()
        effort = sum(action.square().sum(dim=-1) for action in self.actions.values())
        rate = (
            cfg.rew_scale_alive * (1.0 - failed)
            + cfg.rew_scale_terminated * failed
            + cfg.rew_scale_pole_pos * pole.cos()
            + cfg.rew_scale_pendulum_pos * (pole + pendulum).cos()
            + cfg.rew_scale_cart_vel * cart_vel.abs()
            + cfg.rew_scale_pole_vel * pole_vel.abs()
            + cfg.rew_scale_pendulum_vel * (pole_vel + pendulum_vel).abs()
            + cfg.rew_scale_upright * self._upright.float()
            + cfg.rew_scale_action * effort
        )
        reward: torch.Tensor = rate * self.step_dt
        return dict.fromkeys(self.possible_agents, reward)

    def _reset_idx(self, env_ids: Sequence[int] | torch.Tensor | None) -> None:
        if env_ids is None:
            env_ids = torch.arange(self.num_envs, device=self.device)
        if self.common_step_counter > 0:
            self._log_success(env_ids)
        self._upright_steps[env_ids] = 0
        super()._reset_idx(cast("Sequence[int]", env_ids))
        self._reset_robot(env_ids)
        self._read_joints()

    def _log_success(self, env_ids: Sequence[int] | torch.Tensor) -> None:
        """Report which of the episodes that end now were upright for long enough when their time ran out."""
        ended_in_time = self.time_out_dict["cart"] & ~self.terminated_dict["cart"]
        success = (ended_in_time & (self._upright_steps >= self._success_steps)).float()
        self.extras["metrics"] = {"success": success}
        self.extras.setdefault("log", {})["Metrics/success_rate"] = success[env_ids].mean()

    def _reset_robot(self, env_ids: Sequence[int] | torch.Tensor) -> None:
        """Put the robots at rest in the middle with random angles."""
        data = self.robot.data
        joint_pos = data.default_joint_pos.torch[env_ids]
        ranges = (self.cfg.initial_pole_angle_range, self.cfg.initial_pendulum_angle_range)
        for column, (low, high) in zip(self._pole_columns, ranges, strict=True):
            joint_pos[:, column] += sample_uniform(low * math.pi, high * math.pi, (len(env_ids),), self.device)
        root_pose = data.default_root_pose.torch[env_ids]
        root_pose[:, :3] += self.scene.env_origins[env_ids]
        self.robot.write_root_pose_to_sim_index(root_pose=root_pose, env_ids=env_ids)
        self.robot.write_root_velocity_to_sim_index(root_velocity=data.default_root_vel.torch[env_ids], env_ids=env_ids)
        self.robot.write_joint_position_to_sim_index(position=joint_pos, env_ids=env_ids)
        self.robot.write_joint_velocity_to_sim_index(velocity=data.default_joint_vel.torch[env_ids], env_ids=env_ids)

    def _read_joints(self) -> None:
        """Fetch the state: cart [m, m/s], pole and pendulum [rad, rad/s]. Shape of each: (num_envs, 3)."""
        self._pos = self.robot.data.joint_pos.torch[:, self._joint_ids]
        self._vel = self.robot.data.joint_vel.torch[:, self._joint_ids]

    def _links_upright(self) -> torch.Tensor:
        """Return where both links are within the success angle of the vertical. Shape: (num_envs,)."""
        pole, pendulum = self._pos[:, 1], self._pos[:, 2]
        tilt = torch.stack([wrap_angle(pole), wrap_angle(pole + pendulum)])
        return (tilt.abs() <= self.cfg.success_upright_angle).all(dim=0)


def wrap_angle(angle: torch.Tensor) -> torch.Tensor:
    """Bring an angle [rad] into [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
