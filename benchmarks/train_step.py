# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Env-steps per second of the simulator alone, of collection and of training, in one run; the last line is JSON.

``python benchmarks/train_step.py --task DDPL-Shadow-Hands`` takes the arguments of ``scripts/train.py``. The three are
measured in turn, iteration by iteration, so that a noisy machine disturbs all of them alike; medians are reported.
"""

import json
import platform
import resource
import statistics
import time
import torch
from collections.abc import Callable
from dataclasses import asdict

from ddpl_isaac.cli import CommandLine, Parser, end_on_user_error, run
from ddpl_isaac.config_loader import load_config
from ddpl_isaac.envs.registry import plan_env
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.workflows.opening import open_plan


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=8, help="Repetitions of each kind, of 4 iterations each.")
    return parser


ITERATIONS = 4
"""Iterations of a repetition."""


def timed(function: Callable[[], None], device: str) -> float:
    """Return the duration of the iterations of a repetition [s], with what they left on the device."""
    start = time.perf_counter()
    for _ in range(ITERATIONS):
        function()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - start


def simulate(env: MultiAgentVecEnv, steps: int) -> None:
    """Step the simulator with random actions and nothing else."""
    low, high = env.action_bounds()
    with torch.inference_mode():
        for _ in range(steps):
            env.step(low + (high - low) * torch.rand(env.num_envs, env.num_actions, device=low.device))


def collect(runner: DiffusionActorRunner, steps: int) -> None:
    """Step the simulator with the policies and store what happens."""
    obs = runner.env.get_observations()
    with torch.inference_mode():
        for _ in range(steps):
            obs, reward, done, extras = runner.env.step(runner.alg.act(obs))
            runner.alg.process_env_step(obs, reward, done, extras)
            runner.logger.process_env_step(reward, done, extras)


def measure(runner: DiffusionActorRunner, repetitions: int) -> dict[str, float]:
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
        "simulator": lambda: simulate(runner.env, steps),
        "collection": lambda: collect(runner, steps),
        "training": train,
    }
    seconds = {name: [] for name in kinds}
    for _ in range(repetitions):
        for name, function in kinds.items():
            if name == "training":
                # learning may lag an iteration behind: the one before is paid for in place of the last one
                train()
            seconds[name].append(timed(function, device))
            runner.alg.finish()
    env_steps = ITERATIONS * steps * runner.env.num_envs
    return {name: env_steps / statistics.median(values) for name, values in seconds.items()}


def benchmark(command: CommandLine) -> None:
    """Measure and print."""
    plan = plan_env(command.args, command.env)
    flags = {"num_envs": command.args.num_envs, "seed": command.args.seed}
    cfg = load_config(plan.settings, command.agent, flags)
    with open_plan(plan, command.args, cfg, None, "benchmark") as env, end_on_user_error():
        runner = DiffusionActorRunner(env, asdict(cfg), None, plan.device)
        rates = measure(runner, command.args.repetitions)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        where = f"{plan.device}, {torch.get_num_threads()} threads, {platform.machine()}"
        print(f"\n{plan.task}, {env.num_envs} environments, {where}; peak resident memory {memory:.1f} GiB")
        for name, rate in rates.items():
            print(f"  {name:10s} {rate:8.0f} env-steps/s  {rate / rates['simulator']:.2f} of the simulator alone")
        result = {f"{name}_over_simulator": round(rate / rates["simulator"], 3) for name, rate in rates.items()}
        print(json.dumps({"task": plan.task, "num_envs": env.num_envs, "device": plan.device, **result}), flush=True)


if __name__ == "__main__":
    run(benchmark, make_parser())
