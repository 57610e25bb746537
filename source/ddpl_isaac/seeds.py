# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Seeds of all random numbers of a run. No two streams of any two runs share one.

Sums such as ``seed + rank`` do: rank 1 of seed 1 would be rank 0 of seed 2.
"""

from __future__ import annotations

import numpy as np
from enum import IntEnum

MAX_SEED = 2**32 - 1
"""Largest seed of a run, as that of NumPy and of Isaac Lab."""


class Purpose(IntEnum):
    """What random numbers are for. The values are part of what makes a run repeat: add, never renumber."""

    ACTING = 0
    """torch's own generator in the process of the environments: first networks, actions."""

    LEARNING = 1
    """The learner's generator."""

    LEARNER_PROCESS = 2
    """torch's own generator in the process of the learner."""

    TRAINING_WORLDS = 3
    """Environments of a training."""

    JUDGING_WORLDS = 4
    """Environments in which a trained team is evaluated, played or exported: episodes that no training has seen."""

    JUDGING = 5
    """torch's own generator in an evaluation."""

    ENVIRONMENT = 6
    """One of several environments; derived from the seed of all of them."""

    GAMES = 7
    """Teams of a study of games with exact values."""

    RESUMING = 8
    """What replaces a stream that cannot go on where it was; the index counts environment steps."""


def derive(seed: int, purpose: Purpose, *, rank: int = 0, index: int = 0) -> int:
    """Return the seed of one stream.

    Args:
        seed: Seed of the run, or one that was derived from it; >= 0.
        purpose: What the stream is for.
        rank: Rank of the process.
        index: Number of the environment, or whatever else tells streams of a purpose apart.

    Returns:
        A number of 64 bits. torch's generator on the CPU uses the lower 32 of them, as does Isaac Lab.
    """
    return int(np.random.SeedSequence(seed, spawn_key=(purpose, rank, index)).generate_state(1, np.uint64)[0])
