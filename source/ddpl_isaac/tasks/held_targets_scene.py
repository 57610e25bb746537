# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A scene that spares the engine commands it has already."""

from __future__ import annotations

from isaaclab.scene import InteractiveScene


class HeldTargetsScene(InteractiveScene):
    """Writes commands to the engine once per decision instead of once per physics step.

    Targets of implicit drives and joint efforts stay in force in the engine until they change, so writing them again
    for every physics step of a decision is work without effect. A task sets :attr:`targets_changed` with new targets.
    Explicit actuators and external wrenches need a write per physics step: use ``InteractiveScene`` for those.
    """

    targets_changed: bool = True
    """Whether the next physics step needs a write."""

    def write_data_to_sim(self) -> None:
        """Write the commands of all assets if they changed."""
        if self.targets_changed:
            super().write_data_to_sim()
            self.targets_changed = False
