# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A training by the scripts, and the evaluation of what came out: one cell of a grid of task, method and seed."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from ddpl_isaac.config.accepted import Count, OneOf, Seed
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.config.schema import choices
from ddpl_isaac.errors import UserError
from ddpl_isaac.experiments.critic_error import critic_error_of_run, is_known
from ddpl_isaac.experiments.run_curves import QUANTITIES, ReportError, joined, read_curve
from ddpl_isaac.interruption import call, whole_file
from ddpl_isaac.run_directory import LOG_ROOT, SETTINGS_NAME
from ddpl_isaac.runners.checkpoint import CheckpointError, find_checkpoint

DDPL, BASELINES = choices("algorithm.policy_class"), choices("ppo.algorithm")
"""Methods of train.py and of baseline.py."""

_POINTS = 100
"""Points of a stored curve."""


class StudyError(UserError):
    """A study did not come to its end."""


@dataclass(frozen=True)
class TrainingStudy:
    """A task, who learns it, and by which random numbers."""

    task: str
    """Id of the task."""

    method: Annotated[str, OneOf(*DDPL, *BASELINES)]
    """A policy class of DDPL, or ``MAPPO`` or ``IPPO`` of skrl."""

    seed: Seed = 1
    """Seed of the training and of its evaluation."""

    num_episodes: Count = 256
    """Episodes by which the result is judged."""

    @property
    def group(self) -> str:
        """What methods are compared on."""
        return self.task

    def run(self, settings: Sequence[str], folder: Path, scripts: Path) -> dict[str, Any]:
        """Train and evaluate as a user would. A training that was interrupted goes on from its newest checkpoint.

        Args:
            settings: Tokens of the command line.
            folder: Working directory of both, made anew unless it is that of the same study; the runs are below it.
            scripts: Directory of the scripts.

        Returns:
            ``run``: directory of the last run; ``curves``: by quantity ``env_steps`` and ``values``;
            ``evaluation``: by metric the value of every episode, of the averaged actor where there is one; in games
            of known values the errors of the critic as well.

        Raises:
            StudyError: If a script fails or ends early.
        """
        _begin(folder, {"study": asdict(self), "settings": list(settings)})
        if self.method in BASELINES:
            learner = ["baseline.py", f"--algorithm={self.method}"]
        else:
            learner = ["train.py", f"agent.algorithm.policy_class={self.method}"]
        task = [f"--task={self.task}"]
        name = self.task.rpartition(":")[2]
        going_on = _going_on(folder, name)
        if going_on is not None:
            _call([scripts / learner[0], *task, *learner[1:], f"--seed={self.seed}", *settings, *going_on], folder)
        newest, left = _progress(folder, name)
        if newest is None or left:
            raise StudyError(f"{learner[0]} ended early, with {left or 'all'} iterations left; the next call goes on.")
        output = folder / "evaluation.json"
        judge = [f"--num_episodes={self.num_episodes}", f"--seed={self.seed}", f"--output={output}"]
        _call([scripts / "evaluate.py", *task, f"--checkpoint={newest}", *judge], folder)
        evaluation = json.loads(output.read_text())[0]["values"]
        if is_known(self.task) and self.method in DDPL:
            evaluation |= {name: [error] for name, error in critic_error_of_run(self.task, newest).items()}
        curves = {name: points for name in QUANTITIES if (points := _curve(_runs(folder), name))}
        return {"run": str(newest.parent), "curves": curves, "evaluation": evaluation}


def _begin(folder: Path, study: dict[str, Any]) -> None:
    """Make the folder of a study, anew if it is that of another one."""
    note = folder / "study.json"
    if not note.is_file() or json.loads(note.read_text()) != json.loads(json.dumps(study)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with whole_file(note) as file:
            file.write_text(json.dumps(study))


def _runs(folder: Path) -> list[Path]:
    """Return the runs that have a checkpoint, in the order in which they went on from each other."""
    return sorted({path.parent for path in (folder / LOG_ROOT).glob("*/*/model_*.pt")})


def _progress(folder: Path, task: str) -> tuple[Path | None, int]:
    """Return the newest whole checkpoint, or None, and how many iterations are left."""
    try:
        newest = find_checkpoint("latest", folder / LOG_ROOT, task).path
    except CheckpointError:
        return None, 0
    # those that went on were asked for what was left
    asked = max(load_config(run / SETTINGS_NAME).max_iterations for run in _runs(folder))
    return newest, asked - 1 - int(newest.stem.removeprefix("model_"))


def _going_on(folder: Path, task: str) -> list[str] | None:
    """Return the arguments with which a training begins or goes on, or None if it is done."""
    newest, left = _progress(folder, task)
    if newest is None:
        return []
    return [f"--checkpoint={newest}", f"agent.max_iterations={left}"] if left else None


def _call(command: list[str | Path], folder: Path) -> None:
    status = call([sys.executable, *map(str, command)], cwd=folder)
    if status:
        raise StudyError(f"{Path(command[0]).name} ended with code {status}; its last words are in the log.")


def _curve(runs: list[Path], quantity: str) -> dict[str, list[float]] | None:
    """Return the curve of runs that went on from each other, thinned by averaging, or None if there is none."""
    try:
        thinned = joined([read_curve(run, quantity) for run in runs]).thinned(_POINTS)
    except ReportError:
        return None
    return {"env_steps": thinned.env_steps.tolist(), "values": thinned.values.tolist()}
