# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is known of an agent before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from ddpl_isaac.errors import UserError

STATE = "state"
"""Key of the global state among the observations."""


@dataclass(frozen=True)
class AgentSpec:
    """One agent of a cooperative environment.

    Actions live in the box ``[low, high]``; learners work in ``[-1, 1]`` and rescale.

    Raises:
        UserError: If the name is that of the global state, which the agent would then observe.
    """

    name: str
    """Key of the agent's observation in the observation ``TensorDict``."""

    obs_dim: int
    """Size of the agent's observation."""

    action_slice: slice
    """Columns of the joint action that belong to the agent; the slices tile ``range(num_actions)`` in agent order."""

    low: tuple[float, ...]
    """Lower action bounds, one per action dimension."""

    high: tuple[float, ...]
    """Upper action bounds, one per action dimension."""

    can_drop_out: bool = False
    """Whether the agent can be inactive before the episode ends. It then observes nothing but zeros, its actions
    do nothing, and there is nothing for its policy to learn."""

    def __post_init__(self) -> None:
        """Refuse the one name that means something else."""
        if self.name == STATE:
            raise UserError(
                f"An agent is called '{STATE}', the name under which critics find the environment's state, which no"
                " agent may see; give the agent another name."
            )

    @property
    def action_dim(self) -> int:
        """Size of the agent's action."""
        return self.action_slice.stop - self.action_slice.start
