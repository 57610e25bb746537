# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Hands that one, two or six agents move."""

from __future__ import annotations

from ddpl_isaac.tasks.agent_parts import Part

CARRIER = "rh_(SL|WR)"
"""The wrist and, where the forearm is not welded to the world, its slides: these joints tell where the palm is."""

PARTS: dict[int, tuple[Part, ...]] = {
    1: (Part("", ""),),
    2: (Part("wrist_thumb", "rh_(SL|WR|TH|th)"), Part("fingers", "rh_(FF|MF|RF|LF|ff|mf|rf|lf)")),
    6: (
        Part("wrist", CARRIER),
        Part("thumb", "rh_(TH|th)"),
        Part("first_finger", "rh_(FF|ff)"),
        Part("middle_finger", "rh_(MF|mf)"),
        Part("ring_finger", "rh_(RF|rf)"),
        Part("little_finger", "rh_(LF|lf)"),
    ),
}
"""Parts of a hand by the number of agents that move it; joints and tendons have capitals, links have not."""
