# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Evaluating what was trained, over complete episodes."""

from __future__ import annotations

import argparse
import torch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.interruption import whole_file
from ddpl_isaac.models.policy import BestOfPolicy
from ddpl_isaac.output_paths import check_output
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.evaluator import EvaluationResult
from ddpl_isaac.runners.evaluator import evaluate as play_episodes
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.seeds import Purpose, derive
from ddpl_isaac.workflows.prepare import check_temperature, prepare_trained

if TYPE_CHECKING:
    from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner


def evaluate(command: CommandLine) -> None:
    """Evaluate the averaged (EMA) actor, if there is one, and the latest of a checkpoint, print a table and write JSON.

    Both act by a single draw per agent and step, as they do in training. The first of them plays once more with its
    noise multiplied by ``--temperature``, and by the best of ``--draws`` in the eyes of critics that see no more than
    their agents, if there are such.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        EvaluationError: If there is nothing to evaluate.
    """
    args = command.args
    prepared, checkpoint = prepare_trained(command)
    plan, cfg = prepared.plan, prepared.cfg
    if args.num_episodes < 1:
        raise ConfigError(f"--num_episodes is {args.num_episodes}; it must be >= 1.")
    if args.draws < 1:
        raise ConfigError(f"--draws is {args.draws}; it must be >= 1, where 1 is the policy itself.")
    check_temperature(args.temperature)
    output = args.output or checkpoint.parent / "evaluation" / f"{checkpoint.stem}.json"
    check_output("--output", output)
    if args.html and output.suffix == ".html":
        raise ConfigError(
            f"--output {output} is the JSON file, beside which --html writes {output.name}; name it .json."
        )
    print(f"Evaluating {shown(checkpoint)} over {args.num_episodes} episodes on {plan.device}.", flush=True)
    with prepared.open(checkpoint.parent, "evaluate") as env, end_on_user_error():
        runner = make_runner(env, cfg, plan.device, checkpoint=checkpoint)
        results = _play_policies(runner, cfg, args)
        output.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(output) as file:
            file.write_text(results[0].to_json(*results[1:]) + "\n")
        print(f"{results[0].to_table(*results[1:])}\nJSON: {shown(output)}", flush=True)
        if args.html:
            _write_page(output.with_suffix(".html"), results, runner, checkpoint)


def _play_policies(runner: DiffusionActorRunner, cfg: TrainConfig, args: argparse.Namespace) -> list[EvaluationResult]:
    """Let the policies of a checkpoint play the same number of episodes, each from the same random state."""
    learner: Any = runner.alg.learner
    labels = {"EMA": True, "latest": False} if learner.averages else {"latest": False}
    policies = {label: runner.get_inference_policy(averaged=averaged) for label, averaged in labels.items()}
    label, policy = next(iter(policies.items()))
    if args.temperature != 1.0:
        policies[f"{label}, temperature {args.temperature:g}"] = policy.tempered(args.temperature)
    own_value = getattr(getattr(learner, "target_critic", None), "own_value", None)
    if args.draws > 1 and own_value is not None:
        policies[f"{label}, best of {args.draws}"] = BestOfPolicy(policy, own_value, args.draws)
    elif args.draws > 1:
        print("No agent has a critic of its own (critic.kind factored or local): --draws adds no row.", flush=True)
    results = []
    for label, policy in policies.items():
        torch.manual_seed(derive(cfg.seed, Purpose.JUDGING))
        how = {"label": label, "seed": cfg.seed, "deviation": policy.deviation}
        results.append(play_episodes(runner.env, policy, args.num_episodes, **how))
    return results


def _write_page(page: Path, results: list[EvaluationResult], runner: DiffusionActorRunner, checkpoint: Path) -> None:
    """Write a page of table, curves, action distributions and video."""
    from ddpl_isaac.experiments.page import draw_actions, write_page  # matplotlib takes seconds

    env = runner.env
    actions = draw_actions(runner.get_inference_policy(), env.reset(), env=0)
    with whole_file(page) as file:
        title = f"{env.task}, {checkpoint.stem}"
        write_page(file, results, env.agents, actions, checkpoint.parent, title=title)
    print(f"Page: {shown(page)}", flush=True)
