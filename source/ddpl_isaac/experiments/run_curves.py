# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Learning curves of runs, ours and those of skrl and rsl_rl, brought to the same axes."""

from __future__ import annotations

import numpy as np
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ddpl_isaac.errors import UserError
from ddpl_isaac.plain_yaml import read_plain

QUANTITIES: dict[str, tuple[str, ...]] = {
    "return": ("Train/mean_reward", "Reward / Total reward (mean)"),
    "length": ("Train/mean_episode_length", "Episode / Total timesteps (mean)"),
    "success": ("Episode/success", "Metrics/success_rate"),
    "object_cells": ("Exploration/object_cells",),
    "fingertip_cells": ("Exploration/fingertip_cells",),
    "action_entropy": ("Exploration/action_entropy",),
}
"""Tags of what all programs write; the first one found wins, which is what we write ourselves."""

_OUR_STEPS = "Train/env_steps"
_SKRL_TAG = "Reward / Total reward (mean)"


class ReportError(UserError):
    """The curves asked for cannot be drawn from the runs given."""


@dataclass(frozen=True)
class Curve:
    """A quantity over a training run."""

    env_steps: np.ndarray
    """Transitions of all environments so far, increasing. Shape: (n,)."""

    values: np.ndarray
    """The quantity. Shape: (n,)."""

    def thinned(self, num_points: int) -> Curve:
        """Return at most ``num_points`` points, each the mean of neighbours at the last one's steps."""
        parts = np.array_split(np.arange(len(self.values)), min(num_points, len(self.values)))
        return Curve(self.env_steps[[part[-1] for part in parts]], np.array([self.values[p].mean() for p in parts]))


def read_curve(
    run_dir: str | Path, quantity: str, *, num_envs: int | None = None, num_agents: int | None = None
) -> Curve:
    """Read a curve from the event files of a run.

    skrl counts steps of the batch and rsl_rl iterations; both become environment steps. Both also sum the rewards of
    the agents where we take the mean, so their returns are divided by the number of agents.

    Args:
        run_dir: Directory of the event files and of ``params/``.
        quantity: One of :data:`QUANTITIES`, or a tag.
        num_envs: Environments of the run; read from ``params/env.yaml`` if None.
        num_agents: Agents of the task; read from ``params/env.yaml`` if None. Not needed for our own runs.

    Raises:
        ReportError: If there are no such scalars, or what is needed is in no file.
    """
    run_dir = Path(run_dir)
    if not any(run_dir.glob("events.out.tfevents*")):
        raise ReportError(f"{run_dir} holds no TensorBoard scalars. Expected the directory of a run.")
    events = EventAccumulator(str(run_dir), size_guidance={"scalars": 0})
    events.Reload()
    tags = set(events.Tags()["scalars"])
    tag = next((tag for tag in QUANTITIES.get(quantity, (quantity,)) if tag in tags), None)
    if tag is None:
        raise ReportError(f"{run_dir} has no scalar for {quantity!r}. It has: {', '.join(sorted(tags))}.")
    points = events.Scalars(tag)
    steps, values = np.array([p.step for p in points]), np.array([p.value for p in points])
    if _OUR_STEPS in tags:
        counts = {point.step: point.value for point in events.Scalars(_OUR_STEPS)}
        known = np.array([step in counts for step in steps])
        return _sorted_curve(np.array([counts[step] for step in steps[known]]), values[known])
    settings = _Settings(run_dir)
    num_envs = num_envs or settings.number("env.yaml", ("scene", "num_envs"), "num_envs")
    if quantity == "return":
        values = values / (num_agents or settings.num_agents())
    if _SKRL_TAG in tags:
        return _sorted_curve(steps * num_envs, values)
    per_iteration = settings.number("agent.yaml", ("num_steps_per_env",), None)
    return _sorted_curve((steps + 1) * per_iteration * num_envs, values)


def joined(curves: list[Curve]) -> Curve:
    """Return the curve of runs of which each went on from the one before, where it had been saved last."""
    kept = [
        curve.env_steps < min((later.env_steps[0] for later in curves[number + 1 :]), default=np.inf)
        for number, curve in enumerate(curves)
    ]
    return Curve(
        np.concatenate([curve.env_steps[keep] for curve, keep in zip(curves, kept, strict=True)]),
        np.concatenate([curve.values[keep] for curve, keep in zip(curves, kept, strict=True)]),
    )


def on_common_grid(curves: list[Curve], num_points: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Bring the curves of several seeds to a common grid that ends with the shortest.

    Each curve is averaged within the cells of the grid; cells without a point are interpolated. Few points that all
    curves share are kept as they are.

    Args:
        curves: One curve per seed.
        num_points: Cells of the grid.

    Returns:
        Environment steps. Shape: (num_points,) or fewer. Values. Shape: (num_curves, num_points).
    """
    first = curves[0].env_steps
    if len(first) <= num_points and all(np.array_equal(curve.env_steps, first) for curve in curves):
        return first, np.stack([curve.values for curve in curves])
    start, end = max(curve.env_steps[0] for curve in curves), min(curve.env_steps[-1] for curve in curves)
    if end <= start:  # curves of one point, or runs that do not overlap
        start, end = min(start, end), max(start, end, start + 1)
    edges = np.linspace(start, end, num_points + 1)
    centers = (edges[:-1] + edges[1:]) / 2
    gridded = []
    for curve in curves:
        inside = (curve.env_steps >= start) & (curve.env_steps <= end)
        cell = np.clip(np.searchsorted(edges, curve.env_steps[inside], side="right") - 1, 0, num_points - 1)
        counts = np.bincount(cell, minlength=num_points)
        sums = np.bincount(cell, weights=curve.values[inside], minlength=num_points)
        between = np.interp(centers, curve.env_steps, curve.values)
        gridded.append(np.where(counts > 0, sums / np.maximum(counts, 1), between))
    return centers, np.stack(gridded)


def final_values(curves: list[Curve], share: float = 0.1) -> np.ndarray:
    """Return each seed's mean over the last share of its environment steps. Shape: (num_seeds,)."""
    return np.array(
        [
            curve.values[curve.env_steps >= curve.env_steps[-1] - share * np.ptp(curve.env_steps)].mean()
            for curve in curves
        ]
    )


def _sorted_curve(env_steps: np.ndarray, values: np.ndarray) -> Curve:
    """Return the finite points in the order of their steps."""
    finite = np.isfinite(values)
    order = np.argsort(env_steps[finite], kind="stable")
    return Curve(env_steps[finite][order].astype(float), values[finite][order].astype(float))


class _Settings:
    """The settings that Isaac Lab's training commands write beside a run."""

    def __init__(self, run_dir: Path) -> None:
        self._params = run_dir / "params"

    def number(self, file: str, keys: tuple[str, ...], argument: str | None) -> int:
        """Return a number of a file, or say which argument replaces it."""
        value = self._value(file, keys)
        if isinstance(value, int) and value > 0:
            return value
        hint = f" Pass --{argument}." if argument else ""
        raise ReportError(f"{self._params / file} does not say {'.'.join(keys)}, which the axes need.{hint}")

    def num_agents(self) -> int:
        """Return the number of agents, which is 1 for environments that do not list any."""
        path = self._params / "env.yaml"
        if not path.is_file():
            raise ReportError(f"{path} does not exist, so the number of agents is unknown. Pass --num_agents.")
        agents = self._value("env.yaml", ("possible_agents",))
        return len(agents) if agents else 1

    def _value(self, file: str, keys: tuple[str, ...]) -> Any:
        path = self._params / file
        value = read_plain(path.read_text()) if path.is_file() else None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value
