# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Cost of a step and of an update against every size that can grow; the last line is JSON.

``OMP_NUM_THREADS=1 python benchmarks/growth.py --output growth.png`` measures one core. One size grows at a time, the
others stay those of DDPL-Shadow-Hands; every size is measured in a process of its own, whose memory is its own. An
exponent is the slope of a line through log cost against log size; ``last`` is that of the two largest sizes alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import numpy as np
import resource
import torch
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from timing import medians, prepare
from update import ACTION_DIM, OBS_DIM, STATE_DIM, make_learner

from ddpl_isaac.envs.registry import find_family

BASE = {"envs": 64, "agents": 2, "candidates": 32, "steps": 10, "width": 256}
SWEEPS = {
    "envs": (16, 64, 256, 1024, 4096, 16384),
    "agents": (1, 2, 3, 6, 12, 24),
    "candidates": (8, 16, 32, 64, 128),
    "steps": (5, 10, 20, 40),
    "width": (64, 128, 256, 512, 1024),
}
COSTS = {"env": "ms", "act": "ms", "update": "ms", "memory": "MiB"}
"""What is measured: a step of the particle worlds, acting in all environments, an update, memory beyond the imports."""


def used_memory(device: str) -> int:
    """Return the most memory that was in use so far [bytes]: the device's on a GPU, the process's on a CPU."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(size: dict[str, int], repetitions: int, device: str) -> dict[str, float]:
    """Return the costs of one size [ms, MiB], in this process."""
    prepare(device)
    before = used_memory(device)
    widths = [size["width"], size["width"]]
    learner = make_learner(
        size["agents"],
        device,
        f"agent.algorithm.issm.num_candidates={size['candidates']}",
        f"agent.algorithm.sampler.num_steps={size['steps']}",
        f"agent.algorithm.actor.hidden_dims={widths}",
        f"agent.algorithm.critic.hidden_dims={widths}",
        num_envs=size["envs"],
    )
    obs = torch.randn(size["envs"], size["agents"], OBS_DIM, device=device)
    with torch.inference_mode():
        costs = medians({"act": lambda: learner.actor.sample(obs)}, repetitions, device, warm_up=3)
    costs |= medians({"update": lambda: learner.update(learner.steps_per_iteration)}, repetitions, device, warm_up=3)
    memory = used_memory(device) - before
    options = {"num_agents": size["agents"], "compile": "auto"}
    env = find_family("MPE-Spread-v0").make("MPE-Spread-v0", size["envs"], device, 0, **options)
    actions = torch.rand(env.num_envs, env.num_actions, device=device)
    costs |= medians({"env": lambda: env.step(actions)}, 4 * repetitions, device, warm_up=3)
    return {name: cost * 1e3 for name, cost in costs.items()} | {"memory": memory / 2**20}


def exponents(sizes: list[int], costs: list[float]) -> dict[str, float]:
    """Return the slope of log cost over log size through all sizes, and through the last two."""
    x, y = np.log(sizes), np.log(costs)
    return {"all": round(float(np.polyfit(x, y, 1)[0]), 2), "last": round(float((y[-1] - y[-2]) / (x[-1] - x[-2])), 2)}


def draw(results: dict[str, list[dict]], path: Path) -> None:
    """Draw every cost against every size, both axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(
        2, len(results), figsize=(3 * len(results), 5), sharey="row", sharex="col", squeeze=False, layout="constrained"
    )
    for column, (name, rows) in enumerate(results.items()):
        sizes = [row[name] for row in rows]
        for cost in COSTS:
            axis = axes[int(cost == "memory"), column]
            axis.loglog(sizes, [row[cost] for row in rows], marker="o", markersize=3, label=cost)
        axes[1, column].set_xlabel(name)
        for axis in axes[:, column]:
            axis.set_xticks(sizes, [str(size) for size in sizes], fontsize="small")
            axis.xaxis.set_tick_params(which="minor", bottom=False, labelbottom=False)
            axis.grid(True, alpha=0.3)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(COSTS))
    axes[0, 0].set_ylabel("duration [ms]")
    axes[1, 0].set_ylabel("memory [MiB]")
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repetitions", type=int, default=5, help="Measurements of each.")
    parser.add_argument("--sizes", nargs="+", choices=list(SWEEPS), default=list(SWEEPS), help="What grows.")
    parser.add_argument("--values", type=int, nargs="+", help="How it grows, instead of the usual values.")
    parser.add_argument("--output", type=Path, help="PNG file of the figure.")
    args = parser.parse_args()
    print(f"{prepare(args.device)}; otherwise {BASE}, observation {OBS_DIM}, state {STATE_DIM}, action {ACTION_DIM}")
    print(f"{'size':>16}" + "".join(f"{f'{cost} [{unit}]':>14}" for cost, unit in COSTS.items()))
    processes = multiprocessing.get_context("spawn")
    results = {name: [] for name in args.sizes}
    for name, rows in results.items():
        for value in args.values or SWEEPS[name]:
            with ProcessPoolExecutor(1, processes) as pool:
                costs = pool.submit(measure, BASE | {name: value}, args.repetitions, args.device).result()
            rows.append({name: value, **{cost: round(costs[cost], 2) for cost in COSTS}})
            print(f"{name:>10} {value:>5}" + "".join(f"{costs[cost]:>14.1f}" for cost in COSTS), flush=True)
    fits = {
        name: {cost: exponents([row[name] for row in rows], [row[cost] for row in rows]) for cost in COSTS}
        for name, rows in results.items()
    }
    for name, fit in fits.items():
        print(
            f"{name:>10}: " + ", ".join(f"{cost} {slope['all']} (last {slope['last']})" for cost, slope in fit.items())
        )
    if args.output:
        draw(results, args.output)
    print(json.dumps({"device": args.device, "threads": torch.get_num_threads(), "exponents": fits, "sizes": results}))


if __name__ == "__main__":
    main()
