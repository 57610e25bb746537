# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A small deterministic environment behind the protocol, whose every number can be worked out by hand."""

from __future__ import annotations

import torch
from tensordict import TensorDict

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv


class FakeEnv(MultiAgentVecEnv):
    """Two unlike agents, episodes of unlike lengths, time-outs and terminations, true final observations.

    Observations start with ``[environment index, episode number, step in the episode]``, so a test sees from an
    observation where it belongs. Episode k of environment i is planned to last ``2 + (i + k) % max_episode_length``
    steps and terminates then; one that reaches ``max_episode_length`` times out instead. The reward is
    ``1 - mean((action - target)**2)``, so the return of a policy that plays ``target`` is the length of the episode.
    ``step`` works on the device alone.
    """

    def __init__(
        self,
        num_envs: int = 4,
        max_episode_length: int = 6,
        device: str = "cpu",
        with_state: bool = True,
        nonfinite_at: tuple[int, int, str] | None = None,
        broken_value: float = float("nan"),
    ) -> None:
        """Build the environment.

        Args:
            num_envs: Number of environments.
            max_episode_length: Steps after which an episode times out; >= 2.
            device: Device of all tensors.
            with_state: Offer the privileged ``"state"``, of size 5.
            nonfinite_at: (step since construction, environment, entry) from which the entry is NaN until the
                environment starts anew: the name of an agent, ``"state"`` or ``"reward"``.
            broken_value: What the entry is instead of NaN.
        """
        self.num_envs, self.max_episode_length, self.device = num_envs, max_episode_length, device
        self.agents = (
            AgentSpec("cart", 4, slice(0, 1), (-1.0,), (1.0,)),
            AgentSpec("pole", 3, slice(1, 3), (-2.0, -0.5), (2.0, 1.5)),
        )
        self.num_actions, self.state_dim = 3, 5 if with_state else 0
        self.task, self.cfg = "Fake-v0", {"max_episode_length": max_episode_length}
        self.target = torch.tensor([0.5, -1.0, 1.0], device=device)
        self.broken_value = broken_value
        self.nonfinite_at, self.steps_done, self.closed = nonfinite_at, 0, False
        self.restarting = torch.zeros(num_envs, dtype=torch.bool, device=device)
        self.reset()

    def reset(self) -> TensorDict:
        """Start episode 0 in all environments."""
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self.episode = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        self.last_action = torch.zeros(self.num_envs, self.num_actions, device=self.device)
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        index = torch.arange(self.num_envs, device=self.device)
        where = torch.stack((index, self.episode, self.episode_length_buf), dim=1).float()
        ones = torch.ones(self.num_envs, 1, device=self.device)
        obs = {"cart": torch.cat((where, ones), dim=1), "pole": where.clone()}
        if self.state_dim:
            obs["state"] = torch.cat((where, self.last_action.mean(dim=1, keepdim=True), ones), dim=1)
        return TensorDict(obs, batch_size=[self.num_envs], device=self.device)

    def planned_length(self) -> torch.Tensor:
        """Return the planned lengths of the running episodes [steps], time limit aside. Shape: (num_envs,)."""
        index = torch.arange(self.num_envs, device=self.device)
        return 2 + (index + self.episode) % self.max_episode_length

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Apply the joint action. Shape: (num_envs, 3)."""
        assert not self.closed
        self.episode_length_buf = self.episode_length_buf + 1
        self.last_action = actions.clone()
        reward = 1.0 - (actions - self.target).square().mean(dim=1)
        time_outs = self.episode_length_buf >= self.max_episode_length
        terminated = (self.episode_length_buf >= self.planned_length()) & ~time_outs
        terminated = terminated | self.restarting
        dones = terminated | time_outs
        final_obs = self.get_observations()
        metrics = {"success": terminated.float(), "touches": self.episode_length_buf / 2}

        self.episode = self.episode + dones
        self.episode_length_buf = torch.where(dones, 0, self.episode_length_buf)
        self.last_action = torch.where(dones.unsqueeze(1), 0.0, self.last_action)
        obs = self.get_observations()
        self._corrupt(obs, reward)
        self.restarting = torch.zeros_like(self.restarting)
        self.steps_done += 1
        log = {"Fake/mean_action": actions.mean(), "drift": 0.25}
        extras = {"time_outs": time_outs, "final_obs": final_obs, "metrics": metrics, "log": log}
        return obs, reward, dones, extras

    def restart(self, rows: torch.Tensor) -> None:
        """End episodes in the next step."""
        self.restarting = rows

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return the counters and the last actions."""
        names = ("episode_length_buf", "episode", "last_action")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Go on in the middle of the episodes."""
        for name, value in state.items():
            setattr(self, name, value)

    def close(self) -> None:
        """Forbid further steps."""
        self.closed = True

    def _corrupt(self, obs: TensorDict, reward: torch.Tensor) -> None:
        """Put the number that the test asked for."""
        if self.nonfinite_at is None or self.nonfinite_at[0] != self.steps_done:
            return
        _, env, entry = self.nonfinite_at
        (reward if entry == "reward" else obs[entry])[env] = self.broken_value
