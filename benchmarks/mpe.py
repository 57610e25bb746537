# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Env-steps per second of the batched particle worlds and of mpe2's single one, in one run; the last line is JSON.

``OMP_NUM_THREADS=1 python benchmarks/mpe.py --task MPE-Spread-v0`` measures one core; ``env.num_agents=6`` takes more
agents. Both are measured in turn, so that a noisy machine disturbs them alike; medians are reported.
"""

import importlib
import json
import numpy as np
import os
import platform
import statistics
import time
import torch
from collections.abc import Callable

from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.envs.registry import find_family

REFERENCES = {
    "MPE-Spread-v0": "mpe2.simple_spread_v3",
    "MPE-Reference-v0": "mpe2.simple_reference_v3",
    "MPE-SpeakerListener-v0": "mpe2.simple_speaker_listener_v4",
}
REFERENCE_STEPS = 25


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.set_defaults(num_envs=1024)
    parser.add_argument("--repetitions", type=int, default=50, help="Measurements of each.")
    return parser


def batched_step(command: CommandLine) -> Callable[[], None]:
    """Return a function that steps all of our worlds once."""
    plan = command.source.plan(command.args, command.env)
    env = find_family(plan.task).make(plan.task, command.args.num_envs, plan.device, 0, **plan.options)
    actions = torch.rand(env.num_envs, env.num_actions, device=plan.device)

    def step() -> None:
        env.step(actions)
        if plan.device.startswith("cuda"):
            torch.cuda.synchronize()

    return step


def reference_episode(task: str, num_agents: int | None) -> Callable[[], None]:
    """Return a function that plays one episode of mpe2."""
    arguments = {} if num_agents is None else {"N": num_agents}
    reference = importlib.import_module(REFERENCES[task]).parallel_env(continuous_actions=True, **arguments)
    rng = np.random.default_rng(0)

    def episode() -> None:
        reference.reset()
        for _ in range(REFERENCE_STEPS):
            reference.step({name: rng.random(reference.action_space(name).shape[0]) for name in reference.agents})

    return episode


def benchmark(command: CommandLine) -> None:
    """Measure and print."""
    task, num_envs = command.args.task, command.args.num_envs
    options = command.source.plan(command.args, command.env).options
    kinds = {
        "batched": (batched_step(command), num_envs),
        "mpe2": (reference_episode(task, options.get("num_agents")), REFERENCE_STEPS),
    }
    seconds = {name: [] for name in kinds}
    for repetition in range(command.args.repetitions + 3):
        for name, (function, _) in kinds.items():
            start = time.perf_counter()
            function()
            if repetition >= 3:  # the first ones compile
                seconds[name].append(time.perf_counter() - start)
    rates = {name: steps / statistics.median(seconds[name]) for name, (_, steps) in kinds.items()}
    print(f"{task} {options}, {num_envs} environments, {torch.get_num_threads()} threads, {platform.machine()}")
    for name, rate in rates.items():
        print(f"  {name:8s} {rate:10.0f} env-steps/s")
    ratio = round(rates["batched"] / rates["mpe2"], 1)
    rates = {name: round(rate) for name, rate in rates.items()}
    load = round(os.getloadavg()[0], 1)
    print(json.dumps({"task": task, "num_envs": num_envs, **options, **rates, "ratio": ratio, "load": load}))


if __name__ == "__main__":
    run(benchmark, make_parser())
