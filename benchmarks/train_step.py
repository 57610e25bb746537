# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Env-steps per second of the simulator alone, of collection and of training, in one run; the last line is JSON.

``python benchmarks/train_step.py --task DDPL-Shadow-Hands`` takes the arguments of ``scripts/train.py``. The three are
measured in turn, iteration by iteration, so that a noisy machine disturbs all of them alike; medians are reported. The
simulator alone lives in a process of its own, where it has all cores, as it would with nothing beside it.
"""

import json
import platform
import resource
import statistics
import sys
import torch
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.util import Finalize
from pathlib import Path

from timing import OtherProcess, timed

from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.workflows.prepare import prepare


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=8, help="Repetitions of each kind, of 4 iterations each.")
    return parser


ITERATIONS = 4
"""Iterations of a repetition."""


def simulator_alone(argv: list[str]) -> Callable[[], None]:
    """Start the simulator with nothing beside it, and return a repetition of its steps with random actions."""
    prepared = prepare(make_parser().parse(argv), None)
    plan, cfg = prepared.plan, prepared.cfg
    how = {"num_envs": cfg.num_envs, "seed": cfg.seed, "log_dir": Path(), "video_folder": "benchmark"}
    resources = ExitStack()
    Finalize(None, resources.close, exitpriority=0)  # at the end of the process
    env = resources.enter_context(plan.source.open(plan, **how))
    low, high = env.action_bounds()

    def simulate() -> None:
        with torch.inference_mode():
            for _ in range(ITERATIONS * cfg.num_steps_per_env):
                env.step(low + (high - low) * torch.rand(env.num_envs, env.num_actions, device=low.device))

    return simulate


def collect(runner: DiffusionActorRunner, steps: int) -> None:
    """Step the simulator with the policies and store what happens."""
    obs = runner.env.get_observations()
    with torch.inference_mode():
        for _ in range(steps):
            obs, reward, done, extras = runner.env.step(runner.alg.act(obs))
            runner.alg.process_env_step(obs, reward, done, extras)
            runner.logger.process_env_step(reward, done, extras)


def measure(runner: DiffusionActorRunner, simulator: OtherProcess, repetitions: int) -> dict[str, float]:
    """Return env-steps per second of each kind, by medians of interleaved repetitions."""
    steps, device = runner.cfg["num_steps_per_env"], str(runner.device)

    def train() -> None:
        collect(runner, steps)
        runner.alg.update()

    while runner.alg.warming_up:
        collect(runner, steps)
    for _ in range(4):  # every shape has been compiled after this
        train()
    kinds = {
        "simulator": simulator,
        "collection": lambda: collect(runner, ITERATIONS * steps),
        "training": lambda: [train() for _ in range(ITERATIONS)],
    }
    seconds = {name: [] for name in kinds}
    for _ in range(repetitions):
        for name, function in kinds.items():
            if name == "training":
                # learning may lag an iteration behind: the one before is paid for in place of the last one
                train()
            seconds[name].append(timed(function, device))
            runner.alg.train_mode()  # waits for the gradient steps under way
    env_steps = ITERATIONS * steps * runner.env.num_envs
    return {name: env_steps / statistics.median(values) for name, values in seconds.items()}


def benchmark(command: CommandLine) -> None:
    """Measure and print."""
    prepared = prepare(command, None)
    plan, cfg = prepared.plan, prepared.cfg
    with (
        OtherProcess().build(simulator_alone, sys.argv[1:]) as simulator,  # starts while the one here does
        prepared.open(Path(), "benchmark") as env,
        end_on_user_error(),
    ):
        runner = make_runner(env, cfg, plan.device)
        rates = measure(runner, simulator, command.args.repetitions)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        where = f"{plan.device}, {torch.get_num_threads()} threads, {platform.machine()}"
        print(f"\n{plan.task}, {env.num_envs} environments, {where}; peak resident memory {memory:.1f} GiB")
        for name, rate in rates.items():
            print(f"  {name:10s} {rate:8.0f} env-steps/s  {rate / rates['simulator']:.2f} of the simulator alone")
        result = {f"{name}_over_simulator": float(f"{rate / rates['simulator']:.3g}") for name, rate in rates.items()}
        print(json.dumps({"task": plan.task, "num_envs": env.num_envs, "device": plan.device, **result}), flush=True)


if __name__ == "__main__":
    run(benchmark, make_parser())
