# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Training, from the command line to the last line that is printed."""

from __future__ import annotations

import os
import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddpl_isaac import run_directory
from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.envs.source import EnvPlan
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.interruption import finishing, watch_again
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.runners.training_logger import InterruptedBetweenIterationsError
from ddpl_isaac.runtime import ranks
from ddpl_isaac.workflows.prepare import Prepared, prepare

if TYPE_CHECKING:
    from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner


def train(command: CommandLine) -> None:
    """Train, from the start or from a checkpoint, and say where everything is.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    if command.args.distributed:
        device = ranks.join(command.args.device)
        command = replace(command, args=command.args.but(device=device))
    interrupted_run = _interrupted_run()
    prepared = prepare(command, interrupted_run or command.args.checkpoint or None)
    plan, cfg, resumed_from = prepared.plan, prepared.cfg, prepared.checkpoint
    with run_directory.opened(cfg, plan.task, resumed_from, plan.tokens) as run_dir:
        if ranks.rank() == 0:
            plan.source.record(plan, run_dir / run_directory.ENV_SETTINGS_NAME, num_envs=cfg.num_envs, seed=cfg.seed)
            _announce(prepared, run_dir)
        with prepared.open(run_dir, "train") as env, end_on_user_error():
            runner = make_runner(env, cfg, plan.device, run_dir=run_dir, checkpoint=resumed_from)
            start = time.monotonic()
            interrupted = _learn(runner, _iterations(runner, cfg, interrupted_run, run_dir), run_dir)
            if ranks.rank() == 0:
                _conclude(plan, command.args.task, run_dir, time.monotonic() - start, interrupted=interrupted)
    ranks.leave()


def _interrupted_run() -> Path | None:
    """Return the newest checkpoint of this launch where torchrun started it anew, else None."""
    return ranks.from_first(run_directory.newest_of_launch(ranks.launch_id()) if ranks.was_restarted() else None)


def _iterations(runner: DiffusionActorRunner, cfg: TrainConfig, interrupted_run: Path | None, run_dir: Path) -> int:
    """Return the iterations to run: all, or what is left of a launch that torchrun started anew."""
    begin = runner.current_learning_iteration
    end = run_directory.end_of_launch(interrupted_run.parent) if interrupted_run else begin + cfg.max_iterations
    launch = ranks.launch_id()
    if ranks.rank() == 0 and launch is not None:
        run_directory.write_launch(run_dir, launch, end)
    return end - begin


def _learn(runner: DiffusionActorRunner, iterations: int, run_dir: Path) -> bool:
    """Train; on Ctrl-C, or when the system asks, finish the iteration, save and return True."""

    def request() -> str:
        runner.logger.interrupted = True
        return "Interrupted: finishing the iteration, then saving. Once more to stop at once."

    def last_words() -> str:
        newest = max(run_dir.glob("model_*.pt"), key=lambda path: path.stat().st_mtime, default="none")
        return f"Nothing was saved. Newest checkpoint: {newest}."

    watch_again()
    with finishing(request, last_words):
        try:
            runner.learn(iterations)
        except InterruptedBetweenIterationsError:
            if ranks.rank() == 0:
                runner.save(str(run_dir / f"model_{runner.current_learning_iteration}.pt"))
            return True
    return False


def _announce(prepared: Prepared, run_dir: Path) -> None:
    """Say what is about to run."""
    plan, cfg = prepared.plan, prepared.cfg
    details = [plan.device, *plan.source.details(plan), f"seed {cfg.seed}"]
    print(f"Training {plan.task}: {cfg.num_envs} environments on {', '.join(details)}.")
    if plan.bounds is not None:
        print(plan.bounds)
    if prepared.checkpoint is not None:
        print(f"Resuming from {shown(prepared.checkpoint)}.")
    print(f"Run directory: {shown(run_dir)}")
    if plan.cfg is not None:
        print("Starting the simulation: less than a minute, or a few where kernels are compiled first.", flush=True)


def _conclude(plan: EnvPlan, task: str, run_dir: Path, seconds: float, *, interrupted: bool) -> None:
    """Say where everything is and what to do with it."""
    newest = max(run_dir.glob("model_*.pt"), key=lambda path: path.stat().st_mtime)
    how = "Interrupted and saved" if interrupted else "Done"
    python = "uv run" if "UV" in os.environ else "python"
    name = shlex.quote(task)
    this = f"--task {name} --checkpoint {shown(newest)}"
    print(
        f"{how} after {seconds:.0f} s. Checkpoint: {shown(newest)}\n"
        f"  curves:   {'uv run ' if python == 'uv run' else ''}tensorboard --logdir {shown(run_dir)}\n"
        f"  play:     {python} scripts/play.py {this}{' --video' if plan.source.has_picture(plan.task) else ''}\n"
        f"  evaluate: {python} scripts/evaluate.py {this}\n"
        f"  go on:    {python} scripts/train.py --task {name} --checkpoint latest",
        flush=True,
    )
