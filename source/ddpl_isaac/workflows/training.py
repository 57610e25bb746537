# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Training, as the scripts do it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from rsl_rl.runners import OnPolicyRunner

from ddpl_isaac import run_directory
from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import PPOConfig, TrainConfig
from ddpl_isaac.envs.registry import EnvPlan, plan_env
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.interruption import finishing, watch_again
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.training_logger import InterruptedBetweenIterationsError
from ddpl_isaac.runtime import ranks
from ddpl_isaac.workflows.opening import (
    as_in_run,
    bounded,
    check_memory,
    find_checkpoint,
    make_runner,
    open_plan,
    settings_of_plan,
)

_BASELINE = "ddpl_isaac.baselines.skrl_ppo:SkrlPPO"


def train(command: CommandLine) -> None:
    """Train, from the start or from a checkpoint, and say where everything is.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    if command.args.distributed:
        device = ranks.device_of_rank(command.args.device)
        command = replace(command, args=command.args.but(device=device))
    args = command.args
    plan = plan_env(args, command.env)
    if args.distributed:
        ranks.join(plan.device)
    resumed_from = find_checkpoint(args.checkpoint, plan.task) if args.checkpoint else None
    newest = run_directory.newest_of_launch(ranks.launch_id()) if ranks.was_restarted() else None
    interrupted_run = ranks.from_first(newest)
    if interrupted_run is not None:
        resumed_from = interrupted_run
    plan = as_in_run(plan, command, resumed_from)
    flags = {name: getattr(args, name) for name in ("num_envs", "max_iterations", "seed", "run_name")}
    cfg = settings_of_plan(plan, command.agent, flags, resumed_from)
    check_memory(plan, cfg)
    run_dir = _make_run_dir(plan, cfg, resumed_from)
    unused = run_directory.removed_unless_used(run_dir) if ranks.rank() == 0 else nullcontext()
    with unused, open_plan(plan, args, cfg, run_dir, "train") as env, end_on_user_error():
        runner = make_runner(env, plan, cfg, run_dir, resumed_from)
        start = time.monotonic()
        interrupted = _learn(runner, _iterations(runner, cfg, interrupted_run, run_dir), run_dir)
        if ranks.rank() == 0:
            _conclude(plan, args.task, run_dir, time.monotonic() - start, interrupted=interrupted)
    ranks.leave()


def train_baseline(command: CommandLine) -> None:
    """Train MAPPO or IPPO of skrl where DDPL trains: same environments, budget, sizes of networks, logs and evaluation.

    Raises:
        ConfigError: If skrl is not installed or the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    if importlib.util.find_spec("skrl") is None:
        raise ConfigError(
            "The baselines need skrl, which is not installed; the extra 'baselines' brings it:"
            " uv sync --inexact --extra baselines, or pip install -e '.[baselines]'."
        )
    field = "agent.ppo.algorithm="
    chosen = [
        command.args.algorithm,
        *(token.removeprefix(field) for token in command.agent if token.startswith(field)),
    ]
    if not any(chosen) and not command.args.checkpoint:  # else that of the run
        chosen = [PPOConfig().algorithm]
    algorithms = list(filter(None, chosen))
    run_name = command.args.run_name or (algorithms[0].lower() if algorithms else None)
    fixed = f"agent.algorithm.class_name={_BASELINE}", "agent.save_replay=false"
    agent = (*(f"{field}{algorithm}" for algorithm in reversed(algorithms)), *fixed, *command.agent)
    train(replace(command, args=command.args.but(run_name=run_name), agent=agent))


def _make_run_dir(plan: EnvPlan, cfg: TrainConfig, resumed_from: Path | None) -> Path:
    """Let rank 0 create the directory of the run, and say what is about to run."""
    run_dir = run_directory.create(cfg) if ranks.rank() == 0 else None
    run_dir = ranks.from_first(run_dir)
    if ranks.rank() == 0:
        run_directory.write_settings(run_dir, cfg)
        run_directory.write_manifest(run_dir, plan.task, resumed_from, plan.tokens)
        plan.source.record(plan, run_dir / run_directory.ENV_SETTINGS_NAME, num_envs=cfg.num_envs, seed=cfg.seed)
        _announce(plan, cfg, run_dir, resumed_from)
    return run_dir


def _iterations(runner: OnPolicyRunner, cfg: TrainConfig, interrupted_run: Path | None, run_dir: Path) -> int:
    """Return the iterations to run: all, or what is left of a launch that torchrun started anew."""
    begin = runner.current_learning_iteration
    end = run_directory.end_of_launch(interrupted_run.parent) if interrupted_run else begin + cfg.max_iterations
    if ranks.rank() == 0 and ranks.launch_id() is not None:
        run_directory.write_launch(run_dir, ranks.launch_id(), end)
    return end - begin


def _learn(runner: OnPolicyRunner, iterations: int, run_dir: Path) -> bool:
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


def _announce(plan: EnvPlan, cfg: TrainConfig, run_dir: Path, resumed_from: Path | None) -> None:
    """Say what is about to run."""
    details = [plan.device, *plan.source.details(plan), f"seed {cfg.seed}"]
    print(f"Training {plan.task}: {cfg.num_envs} environments on {', '.join(details)}.")
    bounds = bounded(plan, cfg).bounds
    if bounds is not None:
        print(bounds)
    if resumed_from is not None:
        print(f"Resuming from {shown(resumed_from)}.")
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
