# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings that all tasks share in which hands throw."""

from __future__ import annotations

import torch

from isaaclab.utils import configclass
from isaaclab_tasks.utils import PresetCfg

from .hands_env_cfg import HandsEnvCfg
from .roles import Roles
from .scene_cfg import GoalOffsetCfg


@configclass
class ThrowEnvCfg(HandsEnvCfg):
    """Goals over the palms, one wanted at a time."""

    goal_position_offset: PresetCfg = GoalOffsetCfg()
    """The goal of every hand, in its root frame [m]."""
    success_distance_threshold: float = 0.1
    """A step counts towards the goal within this distance [m]."""
    success_steps_required: int = 20
    """Steps in sum after which a goal is reached; >= 1."""
    goal_moves: bool = True
    """Whether the next hand's goal takes the place of one that is reached; if not, the object is to stay with the
    second hand for the rest of the episode."""
    agents_change_hands: bool = False
    """Whether agents are roles: the throwing hand and the catching hand, each in the frame of its role. Where the goal
    moves on, they change hands, so that a throw back is the throw that the first agent knows. If not, an agent has one
    hand for good and sees the frame of the environment, as in Isaac Lab."""

    def bodies(self) -> list[str]:
        """Return the names of the hands, or of their roles."""
        return ["throwing_hand", "catching_hand"] if self.agents_change_hands else super().bodies()

    def frame(self) -> str:
        """Return the frame of the environment, or that of a role."""
        turned = ", turned so that the throwing hand stands where the first does" if self.agents_change_hands else ""
        return super().frame() + turned

    def make_roles(self, device: str) -> Roles | None:
        """Return how agents change hands; None if they do not.

        Args:
            device: Device of the environment's tensors.

        Raises:
            ConfigError: If no motion of the scene exchanges the hands.
        """
        if not self.agents_change_hands:
            return None
        hands = [getattr(self.scene, name).init_state for name in self.hand_names]
        return Roles(torch.tensor([[*hand.pos, *hand.rot] for hand in hands], device=device))

    def validate_config(self) -> None:
        """Derive agents and spaces. Isaac Lab calls this before it starts the simulator.

        Raises:
            ConfigError: If no hand can be divided like this, or hands cannot be exchanged that are to be.
        """
        super().validate_config()
        self.make_roles("cpu")
