# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Results in the JSON layout of marl-eval (Gorsane et al. 2022), so that its tools plot them too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ddpl_isaac.interruption import whole_file


def write_marl_eval(results: list[dict[str, Any]], path: Path) -> None:
    """Write the trainings among the results; without any, nothing.

    ``environment / task / algorithm / seed_<n>`` holds a ``step_<i>`` for every point of the training curves, each
    metric a list of one value, and ``absolute_metrics``, each a list of one value per episode of the evaluation.

    Args:
        results: As :func:`~ddpl_isaac.experiments.suite.read_results` returns them.
        path: File to write.
    """
    content: dict[str, Any] = {}
    for result in results:
        if "evaluation" not in result:
            continue
        environment, _, _ = result["group"].partition("-")
        algorithm = "_".join(filter(None, (result["method"], result["variant"])))
        runs = content.setdefault(environment, {}).setdefault(result["group"], {}).setdefault(algorithm, {})
        runs[f"seed_{result['study']['seed']}"] = _steps(result["curves"]) | {
            "absolute_metrics": {
                name: [value for value in values if value is not None] for name, values in result["evaluation"].items()
            }
        }
    if content:
        with whole_file(path) as file:
            file.write_text(json.dumps(content, indent=1) + "\n")


def _steps(curves: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, Any]]:
    """Return the points of the curves by their environment steps."""
    by_step: dict[float, dict[str, list[float]]] = {}
    for name, curve in curves.items():
        for step, value in zip(curve["env_steps"], curve["values"], strict=True):
            by_step.setdefault(step, {})[name] = [value]
    return {f"step_{i}": {"step_count": round(step)} | by_step[step] for i, step in enumerate(sorted(by_step))}
