# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Reads and writes a learner's replay where the learner lives, so that a gigabyte need not travel."""

from __future__ import annotations

from pathlib import Path

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.runners.checkpoint import load_replay, save_replay


def save_replay_of(learner: DDPL, folder: Path, task: str, iteration: int) -> None:
    """Write the replay beside the checkpoint of an iteration.

    Raises:
        CheckpointError: If it cannot be written.
    """
    save_replay(folder, learner.storage.state_dict(), task=task, iteration=iteration)


def load_replay_of(learner: DDPL, folder: Path, task: str, iteration: int) -> bool:
    """Restore the replay that belongs to a checkpoint, and return whether there is one."""
    replay = load_replay(folder, task=task, iteration=iteration, device=learner.device)
    if replay is not None:
        learner.storage.load_state_dict(replay)
    return replay is not None
