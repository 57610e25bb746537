# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Pictures of particle worlds."""

from __future__ import annotations

import numpy as np
import torch

from PIL import Image, ImageDraw

from ddpl_isaac.envs.mpe_physics import WorldState
from ddpl_isaac.envs.mpe_worlds import World

_PIXELS = 400
_HALF_WIDTH = 1.4
"""Least half of the side of the square that the picture shows; it grows with the worlds."""

_MARGIN = 0.2
_BAR = 8
_AGENT_COLORS = ("#5b6ee1", "#d9a441", "#6abe30", "#d95763", "#76428a", "#37946e")


def draw_world(world: World, state: WorldState, index: int = 0) -> np.ndarray:
    """Draw one world: landmarks as rings, agents as discs, and what agents said as bars at the bottom.

    Args:
        world: Rules of the task.
        state: Batch of states.
        index: Which one to draw.

    Returns:
        Image. Shape: (400, 400, 3), bytes.
    """
    image = Image.new("RGB", (_PIXELS, _PIXELS), "white")
    canvas = ImageDraw.Draw(image)
    half_width = max(_HALF_WIDTH, state.position[index].abs().max().item() + _MARGIN)
    for place, color in zip(state.landmark[index].tolist(), world.landmark_colors.tolist(), strict=True):
        canvas.ellipse(_box(place, 0.05, half_width), outline=tuple(round(255 * part) for part in color), width=4)
    for number, place in enumerate(state.position[index].tolist()):
        color = _AGENT_COLORS[number % len(_AGENT_COLORS)]
        canvas.ellipse(_box(place, world.agent_size, half_width), fill=color, outline="black")
        _draw_message(canvas, state.message[index, number], color, left=10 + number * _PIXELS // 2)
    return np.asarray(image)


def _box(place: list[float], radius: float, half_width: float) -> tuple[float, float, float, float]:
    """Return the corners, in pixels, of the square around a circle; y points up."""
    scale = _PIXELS / (2.0 * half_width)
    x, y, radius = (half_width + place[0]) * scale, (half_width - place[1]) * scale, radius * scale
    return x - radius, y - radius, x + radius, y + radius


def _draw_message(canvas: ImageDraw.ImageDraw, words: torch.Tensor, color: str, left: int) -> None:
    """Draw a bar per word, as high as it was said loudly."""
    for number, loudness in enumerate(words.tolist()):
        x = left + number * (_BAR + 4)
        canvas.rectangle((x, _PIXELS - 10 - 30 * loudness, x + _BAR, _PIXELS - 8), fill=color)
