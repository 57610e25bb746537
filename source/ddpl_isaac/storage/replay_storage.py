# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Replay of transitions: one ring per environment, allocated once on the device.

Shapes: T rows of a ring, N environments, A agents, O observation, D action, S state, B samples.

A row is an instant of an episode: what was seen there and, if the episode went on, what was done and paid there. The
successor of a row is the next row, so each observation is stored once. An episode that a limit cut leaves one more
row with its true last observation and no action, from which its value is bootstrapped.
"""

from __future__ import annotations

import torch
from tensordict import TensorDict
from typing import NamedTuple, cast

from ddpl_isaac.errors import UserError
from ddpl_isaac.storage.replay_size import check_fits


class Batch(NamedTuple):
    """Transitions over up to n steps."""

    obs: torch.Tensor
    """Observations at the start. Shape: (B, A, O)."""

    state: torch.Tensor
    """States at the start. Shape: (B, S)."""

    action: torch.Tensor
    """Actions in ``[-1, 1]`` taken there. Shape: (B, A, D)."""

    reward: torch.Tensor
    """Discounted sum of the rewards on the way. Shape: (B,)."""

    discount: torch.Tensor
    """gamma^m, m the number of steps on the way, or 0 if the episode terminated. Shape: (B,)."""

    next_obs: torch.Tensor
    """Observations m steps later. Shape: (B, A, O)."""

    next_state: torch.Tensor
    """States m steps later. Shape: (B, S)."""


class ReplayStorage:
    """Rings of transitions of N environments that step together."""

    def __init__(
        self,
        capacity: int,
        num_envs: int,
        obs_shape: tuple[int, int],
        state_dim: int,
        action_shape: tuple[int, int],
        device: torch.device | str,
        *,
        half_precision: bool = False,
    ) -> None:
        """Allocate the rings.

        Args:
            capacity: Transitions over all environments.
            num_envs: Environments N.
            obs_shape: (A, O).
            state_dim: S; 0 stores no state, the flattened observations serve.
            action_shape: (A, D).
            device: Where the rings live.
            half_precision: Store observations, states and actions as float16; what is larger than 65504 is cut there.

        Raises:
            UserError: If a ring would have fewer than 4 rows.
            OutOfMemoryError: If the device cannot hold the rings; the message says how much was needed.
        """
        self.num_rows, self.num_envs, self.state_dim = capacity // num_envs, num_envs, state_dim
        if self.num_rows < 4:
            raise UserError(
                f"A replay capacity of {capacity} gives each of {num_envs} environments {self.num_rows} rows; at"
                f" least 4 are needed: set agent.algorithm.replay.capacity to {4 * num_envs} or more."
            )
        check_fits(capacity, num_envs, obs_shape, state_dim, action_shape, device, half_precision=half_precision)
        shape = (self.num_rows, num_envs)
        dtype = torch.float16 if half_precision else torch.float32
        self._largest = torch.finfo(dtype).max
        widths = {"obs": obs_shape, "state": (state_dim,), "action": action_shape}
        rings = {name: torch.zeros(*shape, *width, dtype=dtype, device=device) for name, width in widths.items()}
        rings["reward"] = torch.zeros(shape, device=device)
        flags = {name: torch.zeros(shape, dtype=torch.bool, device=device) for name in ("taken", "terminated", "ended")}
        self.data = TensorDict({**rings, **flags}, batch_size=shape)
        self._head = torch.zeros(num_envs, dtype=torch.long, device=device)
        self._filled = torch.zeros(num_envs, dtype=torch.long, device=device)
        self._envs = torch.arange(num_envs, device=device)
        # a number that is assigned through indices would be brought to a GPU first, which waits for it
        self._yes = torch.ones(num_envs, dtype=torch.bool, device=device)

    def __len__(self) -> int:
        """Return the number of stored rows, at most the capacity. Asks the device."""
        return int(self._filled.sum())

    def begin(self, obs: torch.Tensor, state: torch.Tensor) -> None:
        """Start new episodes in all environments; whatever was under way counts as cut.

        Args:
            obs: First observations. Shape: (N, A, O).
            state: First states. Shape: (N, S).
        """
        before = ((self._head - 1) % self.num_rows, self._envs)
        self.data["ended"][before] = self._yes
        # the row at the head is the successor of the transition before it, where there is one
        self._advance(self.data["taken"][before].long())
        self._see(obs, state)

    def add(
        self,
        action: torch.Tensor,
        reward: torch.Tensor,
        done: torch.Tensor,
        time_out: torch.Tensor,
        obs: torch.Tensor,
        state: torch.Tensor,
        final_obs: torch.Tensor,
        final_state: torch.Tensor,
    ) -> None:
        """Store one step of all environments.

        Args:
            action: Actions taken, in ``[-1, 1]``. Shape: (N, A, D).
            reward: Team rewards. Shape: (N,).
            done: Episodes that ended. Shape: (N,), bool.
            time_out: Those of them that a limit cut. Shape: (N,), bool.
            obs: Observations to act on next. Shape: (N, A, O).
            state: States to act in next. Shape: (N, S).
            final_obs: True successors, read where ``time_out``. Shape: (N, A, O).
            final_state: True successor states, read where ``time_out``. Shape: (N, S).
        """
        row = (self._head, self._envs)
        self.data["action"][row] = action.to(self.data["action"].dtype)
        self.data["reward"][row] = reward
        self.data["taken"][row] = self._yes
        self.data["terminated"][row] = done & ~time_out
        self.data["ended"][row] = done
        self._advance(torch.ones_like(self._head))
        self._see(
            torch.where(time_out[:, None, None], final_obs, obs), torch.where(time_out[:, None], final_state, state)
        )
        self._advance(time_out.long())
        self._see(obs, state)

    def _advance(self, rows: torch.Tensor) -> None:
        """Move the heads. Shape: (N,)."""
        # in place: the heads must outlive the inference mode in which rollouts run
        self._head.add_(rows).remainder_(self.num_rows)
        # the row behind the ring's seam is spared, because a sample may step back by one
        self._filled.add_(rows).clamp_(max=self.num_rows - 2)

    def _see(self, obs: torch.Tensor, state: torch.Tensor) -> None:
        """Write what is seen at the heads, where nothing has been done yet."""
        row = (self._head, self._envs)
        self.data["obs"][row] = self._stored(obs)
        if self.state_dim:
            self.data["state"][row] = self._stored(state)
        self.data["taken"][row] = ~self._yes

    def _stored(self, values: torch.Tensor) -> torch.Tensor:
        """Convert to what the rings hold."""
        return values.clamp(-self._largest, self._largest).to(self.data["obs"].dtype)

    def _observations(self, row: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Read observations. Shape: (B, A, O)."""
        return self.data["obs"][row].float()

    def _states(self, row: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """Read states. Shape: (B, S)."""
        return self.data["state"][row].float() if self.state_dim else self._observations(row).flatten(1)

    def sample(self, batch_size: int, n_step: int, gamma: float, generator: torch.Generator | None = None) -> Batch:
        """Draw transitions uniformly, without asking the device for anything.

        A draw that hits the extra row of a cut episode takes the transition before it: the last transition of an
        episode cut by a limit is twice as likely as others, which a limit of 25 steps or more makes negligible.

        Args:
            batch_size: Transitions B.
            n_step: Rewards summed, at most; fewer at the end of an episode or of what is stored.
            gamma: Discount.
            generator: Source of the random numbers; None is torch's own generator.
        """
        source = {"device": self._head.device, "generator": generator}
        env = torch.randint(self.num_envs, (batch_size,), **source)
        filled = self._filled[env]
        age = (torch.rand(batch_size, **source) * filled).long().clamp(max=self.num_rows - 3) + 1
        start = (self._head[env] - age) % self.num_rows
        extra = (~self.data["taken"][start, env]).long()
        start, age = (start - extra) % self.num_rows, age + extra
        reward, discount = torch.zeros(batch_size, device=env.device), torch.ones(batch_size, device=env.device)
        alive, end = torch.ones_like(discount), start.clone()
        for step in range(n_step):
            row = ((start + step) % self.num_rows, env)
            alive = alive * (age > step)
            reward = reward + alive * discount * self.data["reward"][row]
            discount = torch.where(alive > 0, discount * gamma * (~self.data["terminated"][row]), discount)
            end = end + alive.long()
            alive = alive * (~self.data["ended"][row])
        first, last = (start, env), (end % self.num_rows, env)
        return Batch(
            self._observations(first),
            self._states(first),
            self.data["action"][first].float(),
            reward,
            discount,
            self._observations(last),
            self._states(last),
        )

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return what is stored, without the rows that were never written; tensors are not copied."""
        rows = min(int(self._filled.max()) + 2, self.num_rows)
        ring = {"num_rows": torch.tensor(self.num_rows), "head": self._head, "filled": self._filled}
        return {**self.data[:rows].to_dict(), **ring}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Restore what :meth:`state_dict` gave.

        Raises:
            UserError: If it belongs to rings of another shape.
        """
        for name, ring in self.data.items():
            stored = state[name]
            if int(state["num_rows"]) != self.num_rows or stored.shape[1:] != ring.shape[1:]:
                raise UserError(
                    f"The stored replay has rings of {int(state['num_rows'])} rows with '{name}' of shape"
                    f" {tuple(stored.shape[1:])}, this run's have {self.num_rows} and {tuple(ring.shape[1:])}: resume"
                    " with the same --num_envs and agent.algorithm.replay.capacity."
                )
            cast(torch.Tensor, ring)[: len(stored)].copy_(stored)
        self._head.copy_(state["head"])
        self._filled.copy_(state["filled"])
