# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Training, playing and evaluating, as the scripts do it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import signal
import time
import torch
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path

from rsl_rl.runners import OnPolicyRunner
from rsl_rl.utils import resolve_callable

from ddpl_isaac import ranks, run_directory
from ddpl_isaac.cli import CommandLine, end_on_user_error
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config_loader import ConfigError, load_config
from ddpl_isaac.envs.registry import (
    EnvPlan,
    dump_env_cfg,
    has_picture,
    needs_isaac_lab,
    open_env,
    plan_env,
    with_options_of_run,
)
from ddpl_isaac.envs.signals import signals_of
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.envs.video import clip_length
from ddpl_isaac.export.files import check_extra
from ddpl_isaac.export.policy import check_class
from ddpl_isaac.export.team import export_team, to_table
from ddpl_isaac.run_directory import LOG_ROOT, shown
from ddpl_isaac.runners.checkpoint import checkpoint_task, resolve_checkpoint
from ddpl_isaac.runners.evaluator import evaluate as play_episodes
from ddpl_isaac.runners.training_logger import InterruptedBetweenIterationsError

_BASELINE = "ddpl_isaac.baselines.skrl_ppo:SkrlPPO"

PLAY_ENVS = 16
"""Environments of a playback or a comparison unless ``--num_envs`` says otherwise."""


def train(command: CommandLine) -> None:
    """Train, from the start or from a checkpoint, and say where everything is.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    args = command.args
    if args.distributed:
        args.device = ranks.device_of_rank(args.device)
    plan = plan_env(args, command.env)
    if args.distributed:
        ranks.join(plan.device)
        args.distributed = plan.device != "cpu"  # Isaac Lab's launcher takes it for a choice of GPUs
    resumed_from = _find_checkpoint(args.checkpoint, plan.task) if args.checkpoint else None
    newest = run_directory.newest_of_launch(ranks.launch_id()) if ranks.was_restarted() else None
    interrupted_run = ranks.from_first(newest)
    if interrupted_run is not None:
        resumed_from = interrupted_run
    plan = _as_in_run(plan, resumed_from, command.env)
    flags = {name: getattr(args, name) for name in ("num_envs", "max_iterations", "seed", "run_name")}
    cfg = _settings(plan, command.agent, flags, resumed_from)
    run_dir = _make_run_dir(plan, cfg, resumed_from)
    with _open(plan, args, cfg, run_dir, "train") as env, end_on_user_error():
        if ranks.rank() == 0:
            dump_env_cfg(plan, env, run_dir / run_directory.ENV_SETTINGS_NAME)
        runner = _make_runner(env, plan, cfg, run_dir, resumed_from)
        start = time.monotonic()
        interrupted = _learn(runner, _iterations(runner, cfg, interrupted_run, run_dir), run_dir)
        if ranks.rank() == 0:
            _conclude(args.task, run_dir, time.monotonic() - start, interrupted=interrupted)
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
    algorithm = command.args.algorithm
    settings = {"algorithm.class_name": _BASELINE, "ppo.algorithm": algorithm, "save_replay": "false"}
    command.agent[:0] = [f"agent.{name}={value}" for name, value in settings.items()]
    command.args.run_name = command.args.run_name or algorithm.lower()
    train(command)


def _make_run_dir(plan: EnvPlan, cfg: TrainConfig, resumed_from: Path | None) -> Path:
    """Let rank 0 create the directory of the run, and say what is about to run."""
    run_dir = run_directory.create(cfg) if ranks.rank() == 0 else None
    run_dir = ranks.from_first(run_dir)
    if ranks.rank() == 0:
        run_directory.write_settings(run_dir, cfg)
        run_directory.write_manifest(run_dir, plan.task, resumed_from)
        _announce(plan, cfg, run_dir, resumed_from)
    return run_dir


def _iterations(runner: OnPolicyRunner, cfg: TrainConfig, interrupted_run: Path | None, run_dir: Path) -> int:
    """Return the iterations to run: all, or what is left of a launch that torchrun started anew."""
    begin = runner.current_learning_iteration
    end = run_directory.end_of_launch(interrupted_run.parent) if interrupted_run else begin + cfg.max_iterations
    if ranks.rank() == 0 and ranks.launch_id() is not None:
        run_directory.write_launch(run_dir, ranks.launch_id(), end)
    return end - begin


def play(command: CommandLine) -> None:
    """Play a checkpoint until interrupted, or until the video is recorded.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    args = command.args
    plan = plan_env(args, command.env, play=True)
    checkpoint = _find_checkpoint(args.checkpoint, plan.task)
    plan = _as_in_run(plan, checkpoint, command.env)
    num_envs = PLAY_ENVS if args.num_envs is None else args.num_envs
    cfg = _settings_to_act(plan, command.agent, {"num_envs": num_envs, "seed": args.seed}, checkpoint)
    print(f"Playing {shown(checkpoint)} in {cfg.num_envs} environments on {plan.device}.", flush=True)
    with _open(plan, args, cfg, checkpoint.parent, "play") as env, end_on_user_error():
        policy = _make_runner(env, plan, cfg, None, checkpoint).get_inference_policy()
        steps = _video_steps(plan, command) if args.video else args.num_steps
        _play(env, policy, steps, pace=_step_duration(env) if args.real_time else 0.0)
    if args.video:
        print(f"Videos: {shown(checkpoint.parent / 'videos' / 'play')}")


def evaluate(command: CommandLine) -> None:
    """Evaluate the averaged (EMA) actor, if there is one, and the latest of a checkpoint, print a table and write JSON.

    Both act by a single draw per agent and step, as the team would in operation.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        EvaluationError: If there is nothing to evaluate.
    """
    args = command.args
    plan = plan_env(args, command.env)
    checkpoint = _find_checkpoint(args.checkpoint, plan.task)
    plan = _as_in_run(plan, checkpoint, command.env)
    cfg = _settings_to_act(plan, command.agent, {"num_envs": args.num_envs, "seed": args.seed}, checkpoint)
    if args.num_episodes < 1:
        raise ConfigError(f"--num_episodes is {args.num_episodes}; it must be >= 1.")
    output = args.output or checkpoint.parent / "evaluation" / f"{checkpoint.stem}.json"
    print(f"Evaluating {shown(checkpoint)} over {args.num_episodes} episodes on {plan.device}.", flush=True)
    with _open(plan, args, cfg, checkpoint.parent, "evaluate") as env, end_on_user_error():
        runner = _make_runner(env, plan, cfg, None, checkpoint)
        results = []
        for label, ema in (("EMA", True), ("latest", False))[not runner.alg.averages :]:
            torch.manual_seed(cfg.seed)
            policy = runner.get_inference_policy(ema=ema)
            results.append(play_episodes(env, policy, args.num_episodes, label=label, seed=cfg.seed))
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(results[0].to_json(*results[1:]) + "\n")
        print(f"{results[0].to_table(*results[1:])}\nJSON: {shown(output)}", flush=True)
        if args.html:
            from ddpl_isaac.experiments.page import draw_actions, write_page  # matplotlib takes seconds

            page = output.with_suffix(".html")
            actions = draw_actions(runner.get_inference_policy(), env.reset(), env=0)
            write_page(page, results, env.agents, actions, checkpoint.parent, title=f"{plan.task}, {checkpoint.stem}")
            print(f"Page: {shown(page)}", flush=True)


def export(command: CommandLine) -> None:
    """Write the averaged (EMA) actor of every agent as ONNX, TorchScript and safetensors, checked against the trainer.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        ExportError: If the policy cannot be exported.
    """
    args = command.args
    check_extra()
    plan = plan_env(args, command.env)
    checkpoint = _find_checkpoint(args.checkpoint, plan.task)
    num_envs = PLAY_ENVS if args.num_envs is None else args.num_envs
    cfg = _settings_to_act(plan, command.agent, {"num_envs": num_envs, "seed": args.seed}, checkpoint)
    check_class(cfg.algorithm)
    cfg.algorithm.sampler.compile = "eager"  # the trainer acts once
    output = args.output or checkpoint.parent / "exported" / checkpoint.stem
    if output.exists() and not output.is_dir():
        raise ConfigError(f"--output {output} is a file; it must be a directory.")
    print(f"Exporting {shown(checkpoint)}.", flush=True)
    with _open(plan, args, cfg, checkpoint.parent, "export") as env, end_on_user_error():
        policy = _make_runner(env, plan, cfg, None, checkpoint).get_inference_policy("cpu")
        origin = {"task": plan.task, "checkpoint": checkpoint.name, "step_duration": _step_duration(env)}
        exported = export_team(policy, env.get_observations(), cfg.algorithm, signals_of(env), output, origin)
        print(f"{to_table(exported)}\nFiles: {shown(output)}", flush=True)


def _settings(plan: EnvPlan, overrides: list[str], flags: dict, checkpoint: Path | None) -> TrainConfig:
    """Return the settings of the checkpoint's run if there is one, else of the task, with the command line's on top."""
    source = (run_directory.settings_of(checkpoint) if checkpoint else None) or plan.settings
    cfg = load_config(source, overrides, flags)
    if source is None:
        print(f"{plan.task} has no settings for DDPL (ddpl_cfg_entry_point): the defaults of config/ddpl.yaml apply.")
    if cfg.experiment_name == TrainConfig().experiment_name:
        cfg.experiment_name = re.sub(r"\W", "_", plan.task.lower())
    _check_classes(cfg)
    return cfg


def _settings_to_act(plan: EnvPlan, overrides: list[str], flags: dict, checkpoint: Path) -> TrainConfig:
    """Return the settings of the checkpoint's run where nothing is learned, so nothing needs to be kept."""
    cfg = _settings(plan, overrides, flags, checkpoint)
    cfg.algorithm.replay.capacity = cfg.num_envs * (cfg.algorithm.n_step + 4)
    cfg.algorithm.overlap_learning = False
    return cfg


def _find_checkpoint(selector: str, task: str) -> Path:
    """Return the checkpoint that is meant, after a look at its header: errors come before the simulator starts."""
    path = resolve_checkpoint(selector, LOG_ROOT, task)
    found = checkpoint_task(path)
    if found != task:
        raise ConfigError(f"--checkpoint {path} belongs to the task {found}, not to {task}.")
    return path


def _as_in_run(plan: EnvPlan, checkpoint: Path | None, overrides: list[str]) -> EnvPlan:
    """Return the plan with the environment's settings of the checkpoint's run, as far as the suite can restore them."""
    if checkpoint is None:
        return plan
    return with_options_of_run(plan, checkpoint.parent / run_directory.ENV_SETTINGS_NAME, overrides)


def _check_classes(cfg: TrainConfig) -> None:
    """Refuse a class that cannot be imported, before the simulator starts."""
    for key, name in (("class_name", cfg.class_name), ("algorithm.class_name", cfg.algorithm.class_name)):
        try:
            resolve_callable(name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(f"'{key}' is '{name}', which cannot be imported: {error}") from error


def _open(
    plan: EnvPlan, args: argparse.Namespace, cfg: TrainConfig, log_dir: Path, video_folder: str
) -> AbstractContextManager[MultiAgentVecEnv]:
    """Open the environment, and start meanwhile what the learner needs."""
    resolve_callable(cfg.algorithm.class_name).prepare(cfg.algorithm, plan.device)
    seed = cfg.seed + ranks.rank()
    return open_env(plan, args, num_envs=cfg.num_envs, seed=seed, log_dir=log_dir, video_folder=video_folder)


def _make_runner(
    env: MultiAgentVecEnv, plan: EnvPlan, cfg: TrainConfig, run_dir: Path | None, checkpoint: Path | None
) -> OnPolicyRunner:
    """Build the runner of the settings, and load the checkpoint if there is one."""
    runner_class = resolve_callable(cfg.class_name)
    runner = runner_class(env, asdict(cfg), str(run_dir) if run_dir else None, plan.device)
    if checkpoint is not None:
        runner.load(str(checkpoint))
    return runner


def _learn(runner: OnPolicyRunner, iterations: int, run_dir: Path) -> bool:
    """Train; on Ctrl-C, or when the system asks, finish the iteration, save and return True."""
    asked = []

    def stop_after_iteration(number: int, _: object) -> None:
        if asked:
            signal.default_int_handler(number, None)
        asked.append(number)
        runner.logger.interrupted = True
        print("Interrupted: finishing the iteration, then saving. Once more to stop at once.", flush=True)

    before = {number: signal.signal(number, stop_after_iteration) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        runner.learn(iterations)
    except InterruptedBetweenIterationsError:
        if ranks.rank() == 0:
            runner.save(str(run_dir / f"model_{runner.current_learning_iteration}.pt"))
        return True
    except KeyboardInterrupt:  # the state may be half that of one step and half that of the next
        newest = max(run_dir.glob("model_*.pt"), key=lambda path: path.stat().st_mtime, default="none")
        raise ConfigError(f"Stopped at once, without saving. Newest checkpoint: {newest}.") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return False


def _announce(plan: EnvPlan, cfg: TrainConfig, run_dir: Path, resumed_from: Path | None) -> None:
    """Say what is about to run."""
    engine = [] if plan.cfg is None else [type(plan.cfg.sim.physics).__name__.removesuffix("Cfg")]
    details = [plan.device, *engine, *(f"{name} {value}" for name, value in plan.options.items()), f"seed {cfg.seed}"]
    print(f"Training {plan.task}: {cfg.num_envs} environments on {', '.join(details)}.")
    if resumed_from is not None:
        print(f"Resuming from {shown(resumed_from)}.")
    print(f"Run directory: {shown(run_dir)}")
    if plan.cfg is not None:
        print("Starting the simulation: less than a minute, or a few where kernels are compiled first.", flush=True)


def _conclude(task: str, run_dir: Path, seconds: float, *, interrupted: bool) -> None:
    """Say where everything is and what to do with it."""
    newest = max(run_dir.glob("model_*.pt"), key=lambda path: path.stat().st_mtime)
    how = "Interrupted and saved" if interrupted else "Done"
    python = "uv run" if "UV" in os.environ else "python"
    name = shlex.quote(task)
    this = f"--task {name} --checkpoint {shown(newest)}"
    print(
        f"{how} after {seconds:.0f} s. Checkpoint: {shown(newest)}\n"
        f"  curves:   {'uv run ' if python == 'uv run' else ''}tensorboard --logdir {shown(run_dir)}\n"
        f"  play:     {python} scripts/play.py {this}{' --video' if has_picture(task) else ''}\n"
        f"  evaluate: {python} scripts/evaluate.py {this}\n"
        f"  go on:    {python} scripts/train.py --task {name} --checkpoint latest",
        flush=True,
    )


def _play(env: MultiAgentVecEnv, policy: Callable, steps: int | None, pace: float) -> None:
    """Step the policy for a number of steps, or without end, at most one step per ``pace`` seconds."""
    obs = env.get_observations()
    done = 0
    try:
        while steps is None or done < steps:
            start = time.monotonic()
            with torch.inference_mode():
                obs, _, _, _ = env.step(policy(obs))
            done += 1
            time.sleep(max(0.0, pace - (time.monotonic() - start)))
    except KeyboardInterrupt:
        print("Interrupted.")


def _video_steps(plan: EnvPlan, command: CommandLine) -> int:
    """Return the steps after which every recorder has finished its first clip."""
    if not needs_isaac_lab(plan.task):
        return clip_length(command.args)
    return max(recorder.step_offset + recorder.video_length for recorder in plan.cfg.video_recorders)


def _step_duration(env: MultiAgentVecEnv) -> float:
    """Return the simulated duration of a step [s]; 0 for a game."""
    return getattr(getattr(env, "unwrapped", env), "step_dt", 0.0)
