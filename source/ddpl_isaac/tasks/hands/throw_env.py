# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands that throw an object to goals over their palms."""

from __future__ import annotations

import torch
from typing import TYPE_CHECKING, Any

from isaaclab.utils.math import quat_apply

from .goal_sequence import GoalSequence
from .hands_env import HandsEnv
from .roles import Seen

if TYPE_CHECKING:
    from .throw_env_cfg import ThrowEnvCfg


class ThrowEnv(HandsEnv):
    """Hands pass an object from one to the next, or throw it once and hold it. A task says what it pays for.

    ``extras["metrics"]``, tensors of shape (num_envs,), tells of every episode that ended in this step: ``handovers``,
    the goals reached, one at most if the goal stays; ``success``, whether there was one; ``min_goal_distance``, the
    closest approach [m].
    """

    cfg: ThrowEnvCfg  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, cfg: ThrowEnvCfg, render_mode: str | None = None, **kwargs: Any) -> None:
        """Build the simulation from its settings."""
        self._roles = cfg.make_roles(cfg.sim.device)
        super().__init__(cfg, render_mode, **kwargs)
        poses = torch.stack([hand.data.default_root_pose.torch for hand in self.hands])
        offset = torch.tensor(cfg.goal_position_offset, device=self.device).expand_as(poses[..., :3])
        self.goals = GoalSequence(poses[..., :3] + quat_apply(poses[..., 3:], offset), cfg.goal_moves)

    @property
    def goal_position(self) -> torch.Tensor:
        """Where the object is wanted [m]. Shape: (N, 3)."""
        return self.goals.position

    def _by_hand(self, by_agent: torch.Tensor) -> torch.Tensor:
        return self._roles.exchanged(by_agent, self.goals.holder) if self._roles else by_agent

    def _seen(self) -> Seen:
        seen = super()._seen()
        return self._roles.see(seen, self.goals.holder) if self._roles else seen

    def _judge(self, distance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the reward at a distance to the goal [m], and whether the object is there. Shape of each: (N,)."""
        raise NotImplementedError

    def _get_rewards(self) -> dict[str, torch.Tensor]:
        distance = torch.linalg.norm(self._object_pose[:, :3] - self.goal_position, dim=-1)
        reward, reached = self._judge(distance)
        self.goals.update(distance, reached, self.cfg.success_steps_required)
        self._draw_goals()
        mean_distance = distance.mean()
        self.extras.setdefault("log", {}).update(
            {
                "dist_reward": reward.mean(),
                "dist_goal": mean_distance,
                "Metrics/goal_distance": mean_distance,
                "Diagnostics/success_steps": self.goals.success_steps.float().mean(),
            }
        )
        return dict.fromkeys(self.possible_agents, reward)

    def _log_episodes(self, env_ids: torch.Tensor) -> None:
        """Report the episodes that end now; an episode that was never stepped has no closest approach."""
        handovers, closest = self.goals.handovers.float(), self.goals.min_distance.clone()
        self.extras["metrics"] = {
            "success": (handovers > 0).float(),
            "handovers": handovers,
            "min_goal_distance": closest,
        }
        ended, closest = handovers[env_ids], closest[env_ids]
        log = self.extras.setdefault("log", {})
        log["Metrics/success_rate"] = (ended / (ended + 1.0)).mean()
        log["Metrics/consecutive_success"] = ended.mean()
        if self.common_step_counter > 0:
            closest = torch.where(torch.isfinite(closest), closest, torch.nan)
            log["Diagnostics/episode_min_goal_distance_mean"] = closest.nanmean()
            log["Diagnostics/episode_min_goal_distance_median"] = closest.nanmedian()
            log["Diagnostics/episode_min_goal_distance_p90"] = torch.nanquantile(closest, 0.9)

    def _reset_goals(self, env_ids: torch.Tensor) -> None:
        self.goals.reset(env_ids)
        self._goal_rot[env_ids] = self._goal_rotation(len(env_ids))

    def _goal_rotation(self, count: int) -> torch.Tensor:
        """Draw rotations in which the object is wanted. Shape: (count, 4)."""
        return self._random_rotation(count)
