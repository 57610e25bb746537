# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Evaluation of a policy over complete episodes, with intervals."""

from __future__ import annotations

import json
import logging
import math
import numpy as np
import torch
from collections.abc import Callable
from dataclasses import dataclass
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import UserError
from ddpl_isaac.statistics import bootstrap_interval
from ddpl_isaac.tables import interval_text, markdown_table

logger = logging.getLogger(__name__)

_STEPS_BETWEEN_LOOKS = 16
"""Steps between two questions to the device whether all episodes are complete."""

_STEPS_BETWEEN_DRAWS = 5
"""Steps between two measurements of the policy's deviation, which takes several draws."""

ACTION_STD = "action_std"
"""Standard deviation of an agent's action in a state, mean over agents, dimensions and steps, where 1 is half the width
of the actions' range."""


class EvaluationError(UserError):
    """The evaluation cannot be carried out as asked."""


@dataclass(frozen=True)
class EvaluationResult:
    """What a policy reached in a number of complete episodes."""

    task: str
    """Task that was played."""

    label: str
    """Name of the policy, such as ``EMA``."""

    seed: int | None
    """Seed of the random generators, if known."""

    num_envs: int
    """Parallel environments."""

    values: dict[str, np.ndarray]
    """Per episode ``return``, ``length`` [steps], ``action_std`` if it was measured, and the environment's metrics.

    Metrics of those names are called ``metrics/return`` and so on. Shape of each: (num_episodes,).
    """

    @property
    def num_episodes(self) -> int:
        """Number of complete episodes."""
        return len(self.values["return"])

    def interval(self, name: str) -> tuple[float, float, float]:
        """Return the mean over the episodes and the ends of its 95 % bootstrap interval."""
        return bootstrap_interval(self.values[name])

    def to_table(self, *others: EvaluationResult) -> str:
        """Return a Markdown table of ``mean [low, high]`` with one row for this policy and each of the others."""
        results = (self, *others)
        names = list(dict.fromkeys(name for result in results for name in result.values))
        rows = [["policy", "task", "seed", "envs", "episodes", *names]]
        for result in results:
            head = [result.label, result.task, "-" if result.seed is None else result.seed, result.num_envs]
            cells = [interval_text(*result.interval(name)) if name in result.values else "-" for name in names]
            rows.append([str(value) for value in (*head, result.num_episodes, *cells)])
        return markdown_table(rows)

    def to_json(self, *others: EvaluationResult) -> str:
        """Return the same as JSON: a list with one object per policy, the values of all episodes included."""
        return json.dumps([result._as_dict() for result in (self, *others)], indent=1)

    def _as_dict(self) -> dict:
        """Return what JSON can hold; numbers that are not finite become null."""
        intervals = {name: dict(zip(("mean", "low", "high"), self.interval(name), strict=True)) for name in self.values}
        record = {"task": self.task, "policy": self.label, "seed": self.seed, "num_envs": self.num_envs}
        record |= {"episodes": self.num_episodes, "metrics": intervals}
        record["values"] = {name: values.tolist() for name, values in self.values.items()}
        return _without_nan(record)


def evaluate(
    env: MultiAgentVecEnv,
    policy: Callable[[TensorDict], torch.Tensor],
    num_episodes: int,
    *,
    label: str = "policy",
    seed: int | None = None,
    deviation: Callable[[TensorDict], torch.Tensor] | None = None,
) -> EvaluationResult:
    """Play complete episodes from fresh resets and collect what each of them reached.

    How many episodes an environment contributes is fixed beforehand: its first ones, as evenly as the number allows.
    Taking the first ``num_episodes`` to finish anywhere would favour short episodes.

    Args:
        env: Environments; they are reset.
        policy: Maps observations to joint actions. Shape: (num_envs, num_actions).
        num_episodes: Episodes in all; >= 1.
        label: Name of the policy in the table.
        seed: Seed that the environments were made with, for the record.
        deviation: Deviation of the policy's actions at observations, such as
            :meth:`~ddpl_isaac.models.policy.JointPolicy.deviation`; None records none. Shape: (num_envs,).

    Raises:
        EvaluationError: If ``num_episodes`` < 1, or the episodes do not end within the environment's time limit.
    """
    if num_episodes < 1:
        raise EvaluationError(f"num_episodes is {num_episodes}. Expected at least 1.")
    episodes = _Episodes(env.num_envs, num_episodes, env.device)
    # some environments finish an episode one step after its limit
    most_steps = (int(torch.as_tensor(env.max_episode_length).max()) + 1) * episodes.most_per_env
    with torch.inference_mode():
        obs = env.reset()
        for step in range(1, most_steps + 1):
            if deviation is not None and step % _STEPS_BETWEEN_DRAWS == 1:
                episodes.measure(deviation(obs))
            obs, rewards, dones, extras = env.step(policy(obs))
            episodes.add(rewards, dones, extras.get("metrics", {}))
            if step % _STEPS_BETWEEN_LOOKS == 0 and episodes.complete():
                break
        if not episodes.complete():
            raise EvaluationError(
                f"Only {episodes.num_complete()} of {num_episodes} episodes of {env.task} ended in {most_steps} steps,"
                f" although the limit of one is {env.max_episode_length}. Check the time limit of the environment."
            )
    values = episodes.values()
    broken = int((~np.isfinite(values["return"])).sum())
    if broken:
        logger.warning(
            f"{broken} of {num_episodes} episodes have a return that is not finite: the means leave them out."
        )
    return EvaluationResult(env.task, label, seed, env.num_envs, values)


class _Episodes:
    """Values of the first complete episodes of every environment, on the device."""

    def __init__(self, num_envs: int, num_episodes: int, device: str | torch.device) -> None:
        """Allocate room for the number of episodes, spread evenly over the environments."""
        self.most_per_env = math.ceil(num_episodes / num_envs)
        index = torch.arange(num_envs, device=device)
        self.quota = num_episodes // num_envs + (index < num_episodes % num_envs).long()
        self.counts = torch.zeros_like(self.quota)
        self.sums = torch.zeros(2, num_envs, device=device)
        self.deviation: torch.Tensor | None = None  # its sum over the measured steps, and their number
        self.table: dict[str, torch.Tensor] = {}

    def measure(self, deviation: torch.Tensor) -> None:
        """Add a policy's deviation in the states of all environments."""
        if self.deviation is None:
            self.deviation = torch.zeros(2, len(deviation), device=deviation.device)
        self.deviation += torch.stack((deviation, torch.ones_like(deviation)))

    def add(self, rewards: torch.Tensor, dones: torch.Tensor, metrics: dict[str, torch.Tensor]) -> None:
        """Add a step of all environments."""
        done = dones > 0
        self.sums += torch.stack((rewards, torch.ones_like(rewards)))
        write = done & (self.counts < self.quota)
        own = {"return": self.sums[0], "length": self.sums[1]}
        if self.deviation is not None:
            own[ACTION_STD] = self.deviation[0] / self.deviation[1]
        theirs = {f"metrics/{name}" if name in own else name: value for name, value in metrics.items()}
        for name, value in (own | theirs).items():
            if name not in self.table:
                self.table[name] = torch.full((len(done), self.most_per_env), math.nan, device=done.device)
            column = self.counts.clamp(max=self.most_per_env - 1).unsqueeze(1)
            kept = self.table[name].gather(1, column)
            self.table[name].scatter_(1, column, torch.where(write.unsqueeze(1), value.to(kept).unsqueeze(1), kept))
        self.counts += write
        self.sums.masked_fill_(done, 0.0)
        if self.deviation is not None:
            self.deviation.masked_fill_(done, 0.0)

    def complete(self) -> bool:
        """Return whether no episode is missing. Waits for the device."""
        return bool((self.counts >= self.quota).all())

    def num_complete(self) -> int:
        """Return how many episodes are complete. Waits for the device."""
        return int(self.counts.sum())

    def values(self) -> dict[str, np.ndarray]:
        """Return the values of all episodes, environment by environment. Shape of each: (num_episodes,)."""
        filled = torch.arange(self.most_per_env, device=self.quota.device) < self.quota.unsqueeze(1)
        return {name: table[filled].cpu().double().numpy() for name, table in self.table.items()}


def _without_nan(value: Any) -> Any:
    """Replace numbers that JSON does not know by None."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
