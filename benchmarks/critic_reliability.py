# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How much of what a critic says of actions is noise: two critics of the same run, each from half of its replay.

``python benchmarks/critic_reliability.py --task DDPL-Shadow-Hands-Catch --checkpoint latest --variants n_step=5
"n_step=5 critic.kind=central"`` takes a run that kept its replay. For each variant, a text of settings of
``agent.algorithm``, two critics of the run's averaged policies learn from the start, one from the transitions of every
other environment and one from the rest. They share neither data nor weights, so that the correlation of their values
over the candidates of a state is the share of a value's variance that is not noise of either. The last line is JSON.
"""

import json
import time
import torch
from collections.abc import Sequence

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.run_directory import settings_of
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.storage.replay_file import REPLAY_NAME
from ddpl_isaac.workflows.prepare import prepare

STATES, CANDIDATES, OTHERS = 256, 32, 4
"""States of the replay at which critics are compared, and draws of the policies in each."""


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", default="latest", help="'latest' (default) or a file, beside its replay.")
    parser.add_argument("--variants", nargs="+", default=[""], help="Settings of agent.algorithm, a text per variant.")
    parser.add_argument("--steps", type=int, default=3000, help="Gradient steps of a critic (default 3000).")
    return parser


def half_of(run: DDPL, cfg: TrainConfig, first: int, steps: int) -> DDPL:
    """Return a learner of the run's policies and every other environment of its replay, whose critics have learned.

    Args:
        run: The learner of the run.
        cfg: Settings of the critics.
        first: 0 or 1, the first of the environments.
        steps: Gradient steps.
    """
    whole = run.storage.state_dict()
    rows, envs = int(whole["num_rows"]), range(first, run.storage.num_envs, 2)
    cfg.algorithm.replay.capacity, cfg.algorithm.critic_updates_per_1000 = rows * len(envs), 1000.0
    torch.manual_seed(cfg.seed + first)
    learner = DDPL(run.stack, len(envs), cfg, run.device)
    for name in ("obs_normalizer", "state_normalizer", "return_normalizer"):
        getattr(learner, name).load_state_dict(getattr(run, name).state_dict())
    learner.actor.load_state_dict(run.improvement.averaged.state_dict())
    per_env = {name: field[list(envs)] for name, field in whole.items() if name in ("head", "filled")}
    rings = {name: field[:, list(envs)] for name, field in whole.items() if field.dim() > 1}
    learner.storage.load_state_dict({**rings, **per_env, "num_rows": whole["num_rows"]})
    learner.steps_per_iteration = steps
    learner.update(steps, critics_alone=True)
    return learner


def correlation(first: torch.Tensor, second: torch.Tensor) -> list[float]:
    """Return Pearson's correlation over all but the first dimension, the last one centred. Shape: (A, B, M) each."""
    a, b = (values - values.mean(-1, keepdim=True) for values in (first, second))
    scale = (a.square().sum((1, 2)) * b.square().sum((1, 2))).sqrt()
    return ((a * b).sum((1, 2)) / scale).tolist()


@torch.no_grad()
def compare(run: DDPL, halves: Sequence[DDPL]) -> dict[str, list[float]]:
    """Return, for each agent, the correlation of Qbar over candidates and its deviation; and that of the states."""
    generator = torch.Generator(run.device).manual_seed(0)  # the same states and draws for every variant
    batch = run.storage.sample(STATES, 1, run.cfg.gamma, generator)
    obs, state = run.obs_normalizer(batch.obs), run.state_normalizer(batch.state)
    draws = run.improvement.averaged.sample(obs, CANDIDATES + OTHERS, generator)
    candidates, others = draws.split((CANDIDATES, OTHERS), dim=2)
    qbar = [half.target_critic.marginal(state, obs, candidates, others) for half in halves]
    joint = candidates[:, :, 0].transpose(0, 1)
    # (C, B): of a critic of all agents, or of each
    values = [half.target_critic.bootstrap(state, obs, joint).mean(0) for half in halves]
    deviation = torch.stack(qbar).std(-1).mean((0, 2))
    return {
        "actions": correlation(*qbar),
        "deviation": deviation.tolist(),
        "states": correlation(*(value.unsqueeze(1) for value in values)),
    }


def benchmark(command: CommandLine) -> None:
    """Train the critics of each variant and print how far the halves agree."""
    args = command.args
    prepared = prepare(command, args.checkpoint)
    plan, cfg, checkpoint = prepared.plan, prepared.cfg, prepared.checkpoint
    assert checkpoint is not None
    if not (checkpoint.parent / REPLAY_NAME).exists():
        raise ConfigError(f"There is no replay beside {checkpoint}: train with agent.save_replay=true.")
    cfg.algorithm.overlap_learning = False
    settings = [[f"agent.algorithm.{token}" for token in text.split()] for text in args.variants]
    variants = [load_config(settings_of(checkpoint), tokens) for tokens in settings]
    results = {}
    with prepared.open(checkpoint.parent, "benchmark") as env, end_on_user_error():
        runner = make_runner(env, cfg, plan.device, checkpoint=checkpoint)
        run = runner.alg.learner
        iteration = runner.current_learning_iteration - 1
        if not run.load_replay(checkpoint.parent, task=plan.task, iteration=iteration):
            raise ConfigError(f"The replay beside {checkpoint} is not that of its iteration: name that checkpoint.")
        run.eval_mode()
        for text, variant in zip(args.variants, variants, strict=True):
            start = time.perf_counter()
            halves = [half_of(run, variant, first, args.steps) for first in (0, 1)]
            results[text] = compare(run, halves)
            rows = "; ".join(f"{k} {' '.join(f'{x:.3f}' for x in v)}" for k, v in results[text].items())
            print(f"{text or 'as it was trained'}: {rows} ({time.perf_counter() - start:.0f} s)", flush=True)
    print(json.dumps({"task": plan.task, "steps": args.steps, "variants": results}))


if __name__ == "__main__":
    run(benchmark, make_parser())
