# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The file that holds the replay of a run's newest resumable iteration, beside its checkpoints."""

from __future__ import annotations

import logging
import torch
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddpl_isaac.storage.checkpoint_file import CheckpointError, read_file, write_file

logger = logging.getLogger(__name__)

REPLAY_NAME = "replay.pt"
"""Name of the file."""


def save_replay(run_dir: str | Path, state: Mapping[str, Any], *, task: str, iteration: int) -> None:
    """Write the replay of a run beside its checkpoints, in place of the one of an earlier iteration.

    Write the checkpoint of the same iteration first. The disk holds both replays for a moment.

    Args:
        run_dir: Directory of the checkpoints.
        state: Nested mappings, lists and tuples of tensors, numbers and texts.
        task: Task that the replay belongs to.
        iteration: Iteration of the checkpoint that the replay belongs to.

    Raises:
        CheckpointError: If it cannot be written; the earlier replay is then still there.
    """
    write_file(Path(run_dir) / REPLAY_NAME, state, kind="replay", task=task, iteration=iteration)


def load_replay(
    run_dir: str | Path, *, task: str, iteration: int, device: str | torch.device = "cpu"
) -> dict[str, Any] | None:
    """Return the replay that belongs to a checkpoint, or None and a warning that says why.

    A checkpoint is worth loading without its replay, so nothing is raised.

    Args:
        run_dir: Directory of the checkpoint.
        task: Task of the checkpoint.
        iteration: Iteration of the checkpoint.
        device: Device of all tensors.
    """
    path = Path(run_dir) / REPLAY_NAME
    goes_on = "Training goes on with an empty replay."
    if not path.exists():
        logger.warning(f"There is no replay beside the checkpoint: {path} does not exist. {goes_on}")
        return None
    try:
        # The header alone decides, before a gigabyte is read for nothing.
        found = read_file(path, kind="replay", task=task, device="cpu", tensors=False)["header"]["iteration"]
        if found == iteration:
            return read_file(path, kind="replay", task=task, device=device)["state"]
    except CheckpointError as error:
        logger.warning(f"{error} {goes_on}")
        return None
    logger.warning(
        f"The replay {path} belongs to iteration {found}, the checkpoint to iteration {iteration}. {goes_on}"
        f" To resume with the replay, load model_{found}.pt."
    )
    return None
