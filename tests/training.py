# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Trainings in processes of their own that start at once, because a server forks them with everything imported."""

import multiprocessing
import os
import runpy
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[1] / "scripts"
GAME = "Coordination-Corners-v0"
SMALL = [
    "--num_envs", "8",
    "agent.num_steps_per_env=2",
    "agent.algorithm.warmup_steps_per_env=4",
    "agent.algorithm.replay.capacity=512",
    "agent.algorithm.replay.batch_size=16",
    "agent.algorithm.actor_batch_size=4",
    "agent.algorithm.critic_updates_per_1000=62.5",
    "agent.algorithm.actor_updates_per_1000=62.5",
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.critic.hidden_dims=[8]",
    "agent.algorithm.issm.num_candidates=8",
    "agent.algorithm.sampler.num_steps=2",
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",  # its process takes seconds to start
]  # fmt: skip

_CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = [f"ddpl_isaac.workflows.{name}" for name in ("train", "play", "evaluate", "export")]
_PRELOADED += ["ddpl_isaac.algorithms.overlap", "ddpl_isaac.experiments.suite", "tensorboard"]
_CONTEXT.set_forkserver_preload(_PRELOADED)


def _run(cwd: Path, output: Path, script: str, arguments: list[str], setup) -> None:
    os.chdir(cwd)
    with output.open("w") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    if setup is not None:
        setup()
    sys.argv = [f"{script}.py", *arguments]
    runpy.run_path(str(SCRIPTS / f"{script}.py"), run_name="__main__")


def start(cwd: Path, output: Path, *arguments: str, setup=None) -> multiprocessing.Process:
    """Start a training of the game in a directory, with what it prints in a file; ``setup`` runs before it."""
    return start_script("train", cwd, output, "--task", GAME, *SMALL, *arguments, setup=setup)


def start_script(script: str, cwd: Path, output: Path, *arguments: str, setup=None) -> multiprocessing.Process:
    """Start any script likewise."""
    process = _CONTEXT.Process(target=_run, args=(cwd, output, script, list(arguments), setup))
    process.start()
    return process


def iterations_done(output: Path) -> list[int]:
    """Return the iterations, counted from 1, whose line is complete."""
    lines = output.read_text().split("\n")[:-1] if output.exists() else []
    return [int(line.split()[1].partition("/")[0]) for line in lines if line.startswith("iteration ")]
