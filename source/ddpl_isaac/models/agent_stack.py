# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How agents of different shapes become one tensor dimension: padded to the widest, with a mask.

Shapes: N environments, A agents, O widest observation, D widest action.
"""

from __future__ import annotations

import torch
from collections.abc import Mapping, Sequence
from tensordict import TensorDict
from torch import nn

from ddpl_isaac.agents import STATE, AgentSpec
from ddpl_isaac.errors import UserError


class AgentStack(nn.Module):
    """Stacks observations, and scales and unstacks actions, of a fixed tuple of agents.

    Padding is zero on both sides: padded inputs meet unused weights, padded outputs are masked.
    """

    action_mask: torch.Tensor
    """1 for an agent's own action dimensions, 0 for padding. Shape: (A, D)."""

    _center: torch.Tensor
    _half_width: torch.Tensor
    _columns: torch.Tensor
    _always_active: torch.Tensor

    def __init__(self, agents: Sequence[AgentSpec], state_dim: int) -> None:
        """Lay out the agents; ``state_dim`` 0 means that the stacked observations serve as the state.

        Raises:
            UserError: If there is no agent, or a bound of an action cannot be scaled.
        """
        super().__init__()
        if not agents:
            raise UserError("An environment needs at least one agent, got none.")
        self.names = tuple(agent.name for agent in agents)
        self.obs_dims = tuple(agent.obs_dim for agent in agents)
        self.action_dims = tuple(agent.action_dim for agent in agents)
        self.has_state = state_dim > 0
        self.obs_dim = max(self.obs_dims)
        self.state_dim = state_dim or len(agents) * self.obs_dim
        self.action_dim = max(self.action_dims)
        mask = torch.zeros(len(agents), self.action_dim)
        low, high = torch.full_like(mask, -1.0), torch.ones_like(mask)
        for i, agent in enumerate(agents):
            for column, (lower, upper) in enumerate(zip(agent.low, agent.high, strict=True)):
                if not 0.0 <= upper - lower <= torch.finfo(mask.dtype).max:
                    raise UserError(
                        f"Column {column} of the action of '{agent.name}' has the bounds [{lower:g}, {upper:g}]; both"
                        " must be finite, and the lower one not above the upper one."
                    )
            mask[i, : agent.action_dim] = 1.0
            low[i, : agent.action_dim] = torch.tensor(agent.low)
            high[i, : agent.action_dim] = torch.tensor(agent.high)
        self.register_buffer("action_mask", mask, persistent=False)
        self.register_buffer("_center", (high + low) / 2, persistent=False)
        self.register_buffer("_half_width", (high - low) / 2, persistent=False)
        always = torch.tensor([not agent.can_drop_out for agent in agents])
        self.register_buffer("_always_active", always, persistent=False)
        # padded entries dropped by a static index: a boolean mask would have to ask the device for its size
        columns = torch.arange(mask.numel())[mask.flatten() > 0]
        self.register_buffer("_columns", columns, persistent=False)

    @property
    def num_agents(self) -> int:
        """Number of agents A."""
        return len(self.names)

    def observations(self, obs: TensorDict | Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Stack the agents' observations. Shape: (N, A, O)."""
        rows = [
            nn.functional.pad(obs[name], (0, self.obs_dim - dim))
            for name, dim in zip(self.names, self.obs_dims, strict=True)
        ]
        return torch.stack(rows, dim=1)

    def active(self, obs_BAO: torch.Tensor) -> torch.Tensor:
        """Return 1 where an agent is active, 0 where it has dropped out, from plain observations. Shape: (A, B)."""
        return (obs_BAO.any(-1) | self._always_active).T.float()

    def state(self, obs: TensorDict | Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the state, or the stacked observations where there is none. Shape: (N, state_dim)."""
        return obs[STATE] if self.has_state else self.observations(obs).flatten(1)

    def joint_action(self, actions: torch.Tensor) -> torch.Tensor:
        """Scale actions from ``[-1, 1]`` to their boxes and concatenate them. Shape: (N, A, D) -> (N, num_actions)."""
        return self.unpadded(self._center + self._half_width * actions)

    def unpadded(self, actions: torch.Tensor) -> torch.Tensor:
        """Concatenate actions without their padding. Shape: (N, A, D) -> (N, num_actions)."""
        return actions.flatten(1).index_select(1, self._columns)
