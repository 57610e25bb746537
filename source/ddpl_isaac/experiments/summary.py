# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tables of what the cells of a grid found: interquartile means over seeds with 95 % bootstrap intervals."""

from __future__ import annotations

import numpy as np
from typing import Any

from ddpl_isaac.statistics import bootstrap_interval
from ddpl_isaac.tables import markdown_table

GAME_METRICS = ("agent_hit", "joint_hit", "return", "weaker_mode", "std", "nash_gap", "tv")
"""What a game is judged by, as far as it has it."""


def iqm(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the interquartile mean: that of the middle half of the values (Agarwal et al. 2021).

    Args:
        values: The values.
        axis: Axis of the seeds.
    """
    from scipy.stats import trim_mean  # takes seconds, which a training need not wait for

    return trim_mean(values, 0.25, axis=axis)


def iqm_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the interquartile mean and the ends of its 95 % bootstrap interval; of a single value, it itself."""
    return bootstrap_interval(values, iqm)


def tables(results: list[dict[str, Any]]) -> str:
    """Return the tables of games and of trainings, whichever there are."""
    games = [result for result in results if "history" in result]
    trainings = [result for result in results if "evaluation" in result]
    found = [table(rows) for table, rows in ((_games, games), (_trainings, trainings)) if rows]
    return "\n\n".join(found) or "No cell has finished."


def _games(results: list[dict[str, Any]]) -> str:
    """Return the last values of every game and bandit, and the seeds of a game with a joint hit of 0.9."""
    metrics = [name for name in GAME_METRICS if any(name in result["history"] for result in results)]
    rows = [["game", "variant", "class", "seeds", "joint hit >= 0.9", *metrics]]
    for result in results:
        study, last = result["study"], {name: np.array(rows[-1]) for name, rows in result["history"].items()}
        solved = f"{int((last['joint_hit'] >= 0.9).sum())}/{study['num_seeds']}" if "joint_hit" in last else ""
        cells = [_interval(last[name]) if name in last else "" for name in metrics]
        names = result["group"], result["variant"], study["policy_class"]
        rows.append([*names, str(study["num_seeds"]), solved, *cells])
    return markdown_table(rows)


def _trainings(results: list[dict[str, Any]]) -> str:
    """Return, per task and method, the evaluation after training; the value of a seed is its mean over episodes."""
    seeds: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for result in results:
        seeds.setdefault((result["group"], result["variant"], result["method"]), []).append(result)
    metrics = list(dict.fromkeys(name for result in results for name in result["evaluation"]))
    rows = [["task", "variant", "method", "seeds", "environment steps", *metrics]]
    for names, group in seeds.items():
        steps = min(result["curves"]["return"]["env_steps"][-1] for result in group)
        cells = []
        for metric in metrics:
            found = [result["evaluation"][metric] for result in group if metric in result["evaluation"]]
            means = [np.mean([value for value in values if value is not None]) for values in found]
            cells.append(_interval(np.array(means)) if means else "")
        rows.append([*names, str(len(group)), f"{steps:,.0f}", *cells])
    return markdown_table(rows)


def _interval(values: np.ndarray) -> str:
    """Return interquartile mean and interval, with digits that suit the size."""
    middle, low, high = iqm_interval(values)
    digits = 0 if abs(middle) >= 1000 else 1 if abs(middle) >= 100 else 2
    number = "{:.2g}" if 0 < abs(middle) < 0.095 else f"{{:.{digits}f}}"
    return f"{number} [{number}, {number}]".format(middle, low, high)
