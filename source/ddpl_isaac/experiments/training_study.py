# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A training by the scripts, and the evaluation of what came out: one cell of a grid of task, method and seed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ddpl_isaac.config_ranges import CHOICES
from ddpl_isaac.errors import UserError
from ddpl_isaac.experiments.critic_error import critic_error_of_run, is_known
from ddpl_isaac.experiments.run_curves import QUANTITIES, ReportError, read_curve
from ddpl_isaac.interruption import call
from ddpl_isaac.run_directory import LOG_ROOT

_POINTS = 100
"""Points of a stored curve."""


class StudyError(UserError):
    """A study did not come to its end."""


@dataclass(frozen=True)
class TrainingStudy:
    """A task, who learns it, and by which random numbers."""

    task: str
    """Id of the task."""

    method: str
    """A policy class of DDPL, or ``MAPPO`` or ``IPPO`` of skrl."""

    seed: int = 1
    """Seed of the training and of its evaluation; >= 0."""

    num_episodes: int = 256
    """Episodes by which the result is judged; >= 1."""

    ACCEPTED: ClassVar[dict[str, tuple[str, ...]]] = {
        "method": (*CHOICES["algorithm.policy_class"], *CHOICES["ppo.algorithm"])
    }
    """Values that a field may have."""

    @property
    def group(self) -> str:
        """What methods are compared on."""
        return self.task

    def run(self, settings: Sequence[str], folder: Path, scripts: Path) -> dict[str, Any]:
        """Train and evaluate as a user would.

        Args:
            settings: Tokens of the command line.
            folder: Working directory of both, made anew; the run is below it.
            scripts: Directory of the scripts.

        Returns:
            ``run``: directory of the run; ``curves``: by quantity ``env_steps`` and ``values``;
            ``evaluation``: by metric the value of every episode, of the averaged actor where there is one; in games
            of known values the errors of the critic as well.

        Raises:
            StudyError: If a script fails.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if self.method in CHOICES["ppo.algorithm"]:
            learner = ["baseline.py", f"--algorithm={self.method}"]
        else:
            learner = ["train.py", f"agent.algorithm.policy_class={self.method}"]
        task = [f"--task={self.task}"]
        _call([scripts / learner[0], *task, *learner[1:], f"--seed={self.seed}", *settings], folder)
        (run,) = (folder / LOG_ROOT).glob("*/*")
        newest = max(run.glob("model_*.pt"), key=lambda path: int(path.stem.removeprefix("model_")))
        output = folder / "evaluation.json"
        judge = [f"--num_episodes={self.num_episodes}", f"--seed={self.seed}", f"--output={output}"]
        _call([scripts / "evaluate.py", *task, f"--checkpoint={newest}", *judge], folder)
        evaluation = json.loads(output.read_text())[0]["values"]
        if is_known(self.task) and self.method in CHOICES["algorithm.policy_class"]:
            evaluation |= {name: [error] for name, error in critic_error_of_run(self.task, newest).items()}
        curves = {name: points for name in QUANTITIES if (points := _curve(run, name))}
        return {"run": str(run), "curves": curves, "evaluation": evaluation}


def _call(command: list[str | Path], folder: Path) -> None:
    status = call([sys.executable, *map(str, command)], cwd=folder)
    if status:
        raise StudyError(f"{Path(command[0]).name} ended with code {status}; its last words are in the log.")


def _curve(run: Path, quantity: str) -> dict[str, list[float]] | None:
    """Return a curve, thinned by averaging neighbours, or None if the run has none."""
    try:
        curve = read_curve(run, quantity)
    except ReportError:
        return None
    thinned = curve.thinned(_POINTS)
    return {"env_steps": thinned.env_steps.tolist(), "values": thinned.values.tolist()}
