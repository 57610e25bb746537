# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands on slides and a pot as a decision process of cooperating agents."""

from __future__ import annotations

import torch
from typing import TYPE_CHECKING, Any

from ddpl_isaac.tasks.hands.hands_env import HandsEnv
from ddpl_isaac.tasks.terms import about_vertical, closeness, tilt

if TYPE_CHECKING:
    from .lift_env_cfg import ShadowHandsLiftEnvCfg


class LiftEnv(HandsEnv):
    """Two hands lift a pot by its handles to a height, and keep it level there.

    ``extras["metrics"]``, tensors of shape (num_envs,), tells of every episode that ended in this step: ``success``,
    whether the pot was near its goal and level for long enough; ``goal_distance``, the last distance to it [m].
    """

    cfg: ShadowHandsLiftEnvCfg  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, cfg: ShadowHandsLiftEnvCfg, render_mode: str | None = None, **kwargs: Any) -> None:
        """Build the simulation from its settings."""
        super().__init__(cfg, render_mode, **kwargs)
        self._goal = torch.zeros(self.num_envs, 3, device=self.device)
        self._success_steps = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)

    @property
    def goal_position(self) -> torch.Tensor:
        """Where the pot is wanted [m]. Shape: (N, 3)."""
        return self._goal

    def _get_rewards(self) -> dict[str, torch.Tensor]:
        cfg = self.cfg
        self._distance = torch.linalg.norm(self._object_pose[:, :3] - self._goal, dim=-1)
        angle = tilt(self._object_pose[:, 3:])
        reward = closeness(cfg.dist_reward_scale * self._distance + cfg.tilt_reward_scale * angle)
        near = self._distance < cfg.success_distance_threshold
        self._success_steps += near & (angle < cfg.success_tilt_threshold)
        self._draw_goals()
        means = {"Metrics/goal_distance": self._distance.mean(), "Metrics/tilt": angle.mean()}
        self.extras.setdefault("log", {}).update(means)
        return dict.fromkeys(self.possible_agents, reward)

    def _log_episodes(self, env_ids: torch.Tensor) -> None:  # noqa: ARG002 (of all environments, as ever)
        if self.common_step_counter > 0:
            success = (self._success_steps >= self.cfg.success_steps_required).float()
            self.extras["metrics"] = {"success": success, "goal_distance": self._distance.clone()}

    def _reset_goals(self, env_ids: torch.Tensor) -> None:
        self._success_steps[env_ids] = 0
        rise = torch.rand(len(env_ids), device=self.device)
        self._goal[env_ids] = self.object.data.default_root_pose.torch[env_ids, :3]
        self._goal[env_ids, 2] += self.cfg.goal_low + (self.cfg.goal_high - self.cfg.goal_low) * rise

    def _object_rotation(self, count: int) -> torch.Tensor:
        return about_vertical(torch.zeros(count, device=self.device))
