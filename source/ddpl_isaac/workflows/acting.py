# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Playing, evaluating and exporting what was trained, as the scripts do it."""

from __future__ import annotations

import time
import torch
from collections.abc import Callable

from rsl_rl.utils import resolve_callable

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.envs.registry import plan_env
from ddpl_isaac.envs.signals import signals_of
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.export.files import check_extra
from ddpl_isaac.export.policy import check_class
from ddpl_isaac.export.team import export_team, to_table
from ddpl_isaac.interruption import whole_file, whole_files
from ddpl_isaac.models.critic import CRITICS
from ddpl_isaac.output_paths import check_output
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.evaluator import evaluate as play_episodes
from ddpl_isaac.seeds import Purpose, derive
from ddpl_isaac.workflows.opening import as_in_run, find_checkpoint, make_runner, open_plan, settings_to_act

PLAY_ENVS = 16
"""Environments of a playback or a comparison unless ``--num_envs`` says otherwise."""


def play(command: CommandLine) -> None:
    """Play a checkpoint until interrupted, or until the video is recorded.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    args = command.args
    plan = plan_env(args, command.env, play=True)
    checkpoint = find_checkpoint(args.checkpoint, plan.task)
    plan = as_in_run(plan, command, checkpoint)
    num_envs = plan.own.get("num_envs", PLAY_ENVS) if args.num_envs is None else args.num_envs
    cfg = settings_to_act(plan, command.agent, {"num_envs": num_envs, "seed": args.seed}, checkpoint)
    print(f"Playing {shown(checkpoint)} in {cfg.num_envs} environments on {plan.device}.", flush=True)
    with open_plan(plan, args, cfg, checkpoint.parent, "play") as env, end_on_user_error():
        policy = make_runner(env, plan, cfg, None, checkpoint).get_inference_policy()
        steps = plan.source.video_steps(plan, args) if args.video else args.num_steps
        _play(env, policy, steps, pace=_step_duration(env) if args.real_time else 0.0)
    if args.video:
        print(f"Videos: {shown(checkpoint.parent / 'videos' / 'play')}")


def evaluate(command: CommandLine) -> None:
    """Evaluate the averaged (EMA) actor, if there is one, and the latest of a checkpoint, print a table and write JSON.

    Both act by a single draw per agent and step, as the team would in operation. With ``--best_of`` the averaged actor
    plays once more, every agent by the best of several draws in the eyes of its own critic.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        EvaluationError: If there is nothing to evaluate.
    """
    args = command.args
    plan = plan_env(args, command.env)
    checkpoint = find_checkpoint(args.checkpoint, plan.task)
    plan = as_in_run(plan, command, checkpoint)
    cfg = settings_to_act(plan, command.agent, {"num_envs": args.num_envs, "seed": args.seed}, checkpoint)
    if args.num_episodes < 1:
        raise ConfigError(f"--num_episodes is {args.num_episodes}; it must be >= 1.")
    _check_best_of(args.best_of, cfg.algorithm)
    output = args.output or checkpoint.parent / "evaluation" / f"{checkpoint.stem}.json"
    check_output("--output", output)
    page = output.with_suffix(".html")
    if args.html and page == output:
        raise ConfigError(f"--output {output} is the JSON file, beside which --html writes {page.name}; name it .json.")
    print(f"Evaluating {shown(checkpoint)} over {args.num_episodes} episodes on {plan.device}.", flush=True)
    with open_plan(plan, args, cfg, checkpoint.parent, "evaluate") as env, end_on_user_error():
        runner = make_runner(env, plan, cfg, None, checkpoint)
        results = []
        policies = [("EMA", True, 1), ("latest", False, 1)][not runner.alg.learner.averages :]
        if args.best_of > 1:
            policies.append((f"EMA, best of {args.best_of}", True, args.best_of))
        for label, ema, best_of in policies:
            torch.manual_seed(derive(cfg.seed, Purpose.JUDGING))
            policy = runner.get_inference_policy(ema=ema, best_of=best_of)
            results.append(play_episodes(env, policy, args.num_episodes, label=label, seed=cfg.seed))
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(output) as file:
            file.write_text(results[0].to_json(*results[1:]) + "\n")
        print(f"{results[0].to_table(*results[1:])}\nJSON: {shown(output)}", flush=True)
        if args.html:
            from ddpl_isaac.experiments.page import draw_actions, write_page  # matplotlib takes seconds

            actions = draw_actions(runner.get_inference_policy(), env.reset(), env=0)
            with whole_file(page) as file:
                title = f"{plan.task}, {checkpoint.stem}"
                write_page(file, results, env.agents, actions, checkpoint.parent, title=title)
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
    checkpoint = find_checkpoint(args.checkpoint, plan.task)
    plan = as_in_run(plan, command, checkpoint)
    num_envs = PLAY_ENVS if args.num_envs is None else args.num_envs
    cfg = settings_to_act(plan, command.agent, {"num_envs": num_envs, "seed": args.seed}, checkpoint)
    check_class(cfg.algorithm)
    cfg.algorithm.compile = "eager"  # the trainer acts once
    output = args.output or checkpoint.parent / "exported" / checkpoint.stem
    check_output("--output", output, directory=True)
    print(f"Exporting {shown(checkpoint)}.", flush=True)
    with open_plan(plan, args, cfg, checkpoint.parent, "export") as env, end_on_user_error():
        policy = make_runner(env, plan, cfg, None, checkpoint).get_inference_policy("cpu")
        origin = {"task": plan.task, "checkpoint": checkpoint.name, "step_duration": _step_duration(env)}
        with whole_files(output) as directory:
            exported = export_team(policy, env.get_observations(), cfg.algorithm, signals_of(env), directory, origin)
        print(f"{to_table(exported)}\nFiles: {shown(output)}", flush=True)


def _check_best_of(best_of: int, cfg: AlgorithmConfig) -> None:
    """Refuse to choose among draws where no critic values an agent's actions by what the agent sees."""
    if best_of < 1:
        raise ConfigError(f"--best_of is {best_of}; it must be >= 1, where 1 is the policy itself.")
    if best_of == 1:
        return
    if not resolve_callable(cfg.class_name).averages:
        raise ConfigError(f"--best_of {best_of} needs critics of actions; a baseline's value states. Leave it out.")
    if not hasattr(CRITICS[cfg.critic.kind], "own_value"):
        local = " or ".join(kind for kind, critic in CRITICS.items() if hasattr(critic, "own_value"))
        raise ConfigError(
            f"--best_of {best_of} needs critics that see no more than their agents, so that these can use them on their"
            f" own. Those of this run are '{cfg.critic.kind}'; train with agent.algorithm.critic.kind={local}."
        )


def _play(env: MultiAgentVecEnv, policy: Callable, steps: int | None, pace: float) -> None:
    """Step the policy for a number of steps, or without end, at most one step per ``pace`` seconds."""
    obs = env.get_observations()
    done = 0
    while steps is None or done < steps:
        start = time.monotonic()
        with torch.inference_mode():
            obs, _, _, _ = env.step(policy(obs))
        done += 1
        time.sleep(max(0.0, pace - (time.monotonic() - start)))


def _step_duration(env: MultiAgentVecEnv) -> float:
    """Return the simulated duration of a step [s]; 0 for a game."""
    return getattr(getattr(env, "unwrapped", env), "step_dt", 0.0)
