# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Env-steps per second of our MuJoCo teams, of as many of gymnasium-robotics' own, and of MuJoCo's rollout.

``python benchmarks/mamujoco.py --task MaMuJoCo-Ant-4x2-v0`` uses all cores, with ``taskset -c 0`` in front only one.
The others are a loop over single environments, one process per environment, and ``mujoco.rollout``, which is physics
without observations, rewards and falls. All are measured in turn in one run; medians are reported, and the last line is
JSON.
"""

import json
import multiprocessing
import numpy as np
import os
import statistics
import time
import torch
from collections.abc import Callable
from multiprocessing.connection import Connection

from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.envs.mamujoco import MujocoTeamEnv
from ddpl_isaac.envs.mamujoco_parts import make_reference


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.set_defaults(num_envs=64)
    parser.add_argument("--repetitions", type=int, default=50, help="Measurements of each.")
    return parser


class Single:
    """One environment of gymnasium-robotics that restarts when it ends."""

    def __init__(self, task: str, seed: int) -> None:
        """Create and reset it."""
        self.env = make_reference(task, "")
        self.env.reset(seed=seed)

    def step(self, controls: np.ndarray) -> tuple:
        """Apply the controls of the whole body."""
        result = self.env.step(self.env.map_global_action_to_local_actions(controls))
        if not self.env.agents:
            self.env.reset()
        return result[:4]


def serve(connection: Connection, task: str, seed: int) -> None:
    """Step one environment as the other end of a pipe asks for."""
    single = Single(task, seed)
    while (controls := connection.recv()) is not None:
        connection.send(single.step(controls))


def in_processes(task: str, num_envs: int) -> Callable[[np.ndarray], None]:
    """Return a function that steps as many environments, each in a process of its own; None ends them."""
    pipes = [multiprocessing.Pipe() for _ in range(num_envs)]
    fork = multiprocessing.get_context("fork")
    for seed, (_, theirs) in enumerate(pipes):
        fork.Process(target=serve, args=(theirs, task, seed), daemon=True).start()

    def step(controls: np.ndarray) -> None:
        for (ours, _), row in zip(pipes, controls, strict=True):
            ours.send(row)
        for ours, _ in pipes:
            ours.recv()

    return step


def in_a_loop(task: str, num_envs: int) -> Callable[[np.ndarray], None]:
    """Return a function that steps as many environments one after the other."""
    singles = [Single(task, seed) for seed in range(num_envs)]

    def step(controls: np.ndarray) -> None:
        for single, row in zip(singles, controls, strict=True):
            single.step(row)

    return step


def by_rollout(env: MujocoTeamEnv) -> Callable[[np.ndarray], None]:
    """Return a function that steps the physics alone by MuJoCo's own threads."""
    import mujoco
    from mujoco.rollout import Rollout

    threads = len(os.sched_getaffinity(0))
    roll, data = Rollout(nthread=threads), [mujoco.MjData(env.model) for _ in range(threads)]
    kind, frames = mujoco.mjtState.mjSTATE_FULLPHYSICS, env.single.frame_skip
    states = np.zeros((env.num_envs, mujoco.mj_stateSize(env.model, kind)))
    for row, own in zip(states, env.data, strict=True):
        mujoco.mj_getState(env.model, own, row, kind)
    first = states.copy()

    def step(controls: np.ndarray) -> None:
        nonlocal states
        after, _ = roll.rollout(env.model, data, states, np.repeat(controls[:, None], frames, axis=1), nstep=frames)
        # what has fallen would take MuJoCo longer than an environment that restarts
        fallen = ~np.isfinite(after[:, -1]).all(1) | (after[:, -1, 0] > 5.0)
        states = np.where(fallen[:, None], first, after[:, -1])

    return step


def benchmark(command: CommandLine) -> None:
    """Measure and print."""
    plan, num_envs = command.source.plan(command.args, command.env), command.args.num_envs
    kinds = {"processes": in_processes(plan.task, num_envs), "loop": in_a_loop(plan.task, num_envs)}
    env = MujocoTeamEnv(plan.task, num_envs, plan.device, **plan.options)
    kinds |= {
        "rollout": by_rollout(env),
        "ours": lambda controls: env.step(torch.from_numpy(controls[:, env._actuators])),
    }
    low, high = env.model.actuator_ctrlrange.T
    rng, seconds = np.random.default_rng(0), {name: [] for name in kinds}
    for repetition in range(command.args.repetitions + 20):
        controls = rng.uniform(low, high, (num_envs, env.model.nu))
        for name, step in kinds.items():
            start = time.perf_counter()
            step(controls)
            if repetition >= 20:  # until then the bodies drop to the ground
                seconds[name].append(time.perf_counter() - start)
    env.close()
    rates = {name: num_envs / statistics.median(values) for name, values in seconds.items()}
    cores, load = len(os.sched_getaffinity(0)), round(os.getloadavg()[0], 1)
    print(f"{plan.task}, {num_envs} environments, {cores} cores, load {load}")
    for name, rate in rates.items():
        print(f"  {name:10s} {rate:8.0f} env-steps/s  ours is {rates['ours'] / rate:.2f} of that")
    ratios = {f"over_{name}": round(rates["ours"] / rate, 2) for name, rate in rates.items() if name != "ours"}
    record = {"task": plan.task, "num_envs": num_envs, "cores": cores, "load": load, "ours": round(rates["ours"])}
    print(json.dumps(record | ratios))


if __name__ == "__main__":
    run(benchmark, make_parser())
