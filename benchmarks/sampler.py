# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain against a loop over agents and against its matrix products alone; the last line is JSON.

``OMP_NUM_THREADS=1 python benchmarks/sampler.py`` measures one core. For every size all are measured in turn, so that
a noisy machine disturbs them alike; medians are reported. The loop is what one writes without this project: a network
per agent that concatenates action, observation and time in every denoising step. ``plain`` is the loop in a process
that has torch's own settings, ``loop`` with those that this project gives it for products and memory. ``bfloat16`` is
the chain with ``agent.algorithm.sampler.precision=bfloat16``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import torch
from collections.abc import Callable
from torch import nn

from timing import OtherProcess, medians, prepare

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.diffusion.schedule import make_schedule
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.fourier_features import FourierFeatures

OBS_DIM, ACTION_DIM, WIDTHS = 157, 20, (256, 256, 256)
OTHERS = ("plain", "loop", "products", "bfloat16")
"""What the chain is compared with."""


class LoopAgent(nn.Module):
    """One agent's denoiser, features and all, evaluated on its own."""

    def __init__(self, cfg: ActorConfig) -> None:
        """Create the network."""
        super().__init__()
        self.features = FourierFeatures(1, ACTION_DIM, cfg.action_features)
        self.frequencies = nn.Parameter(torch.randn(cfg.time_features // 2))
        sizes = [self.features.out_features + OBS_DIM + cfg.time_features, *WIDTHS]
        layers = [layer for i, o in itertools.pairwise(sizes) for layer in (nn.Linear(i, o), nn.SiLU())]
        self.mlp = nn.Sequential(*layers, nn.Linear(WIDTHS[-1], ACTION_DIM))

    @torch.no_grad()
    def sample(self, obs: torch.Tensor, num_steps: int, cfg: SamplerConfig) -> torch.Tensor:
        """Denoise. Shape: (N, D)."""
        steps = make_schedule(num_steps, cfg.schedule, cfg.variance).steps()
        x = previous = torch.randn(len(obs), ACTION_DIM, device=obs.device)
        for h in reversed(range(num_steps)):
            phase = (h + 1) / num_steps * self.frequencies
            time_embedding = torch.cat((phase.sin(), phase.cos())).expand(len(x), -1)
            eps = self.mlp(torch.cat((self.features(x.unsqueeze(0))[0], obs, time_embedding), dim=-1))
            clean = ((x - steps[h].noise * eps) / steps[h].signal).clamp(-1.0, 1.0)
            ahead = (clean + steps[h].extrapolation * (clean - previous)).clamp(-1.0, 1.0)
            previous = clean
            x = steps[h].mean_clean * ahead + steps[h].mean_noisy * x + steps[h].std * torch.randn_like(x)
        return x


def make_loop(num_agents: int, rows: int, num_steps: int, device: str) -> Callable[[], object]:
    """Return a function that draws an action for every agent, one agent after the other."""
    agents = [LoopAgent(ActorConfig(hidden_dims=list(WIDTHS))).to(device) for _ in range(num_agents)]
    obs, cfg = torch.randn(rows, num_agents, OBS_DIM, device=device), SamplerConfig(num_steps)
    return lambda: [agent.sample(obs[:, i], num_steps, cfg) for i, agent in enumerate(agents)]


def matrix_products(num_agents: int, rows: int, num_steps: int, in_features: int, device: str) -> Callable[[], None]:
    """Return a function that multiplies what the chain multiplies, and nothing else."""
    shapes = [(in_features, WIDTHS[0]), *itertools.pairwise((*WIDTHS, ACTION_DIM))]
    factors = [
        (torch.randn(num_agents, rows, i, device=device), torch.randn(num_agents, i, o, device=device))
        for i, o in shapes
    ]
    results = [torch.empty(num_agents, rows, o, device=device) for _, o in shapes]
    obs, weight = (torch.randn(num_agents, n, m, device=device) for n, m in ((rows, OBS_DIM), (OBS_DIM, WIDTHS[0])))

    def multiply() -> None:
        torch.bmm(obs, weight)
        for _ in range(num_steps):
            for (a, b), result in zip(factors, results, strict=True):
                torch.bmm(a, b, out=result)

    return multiply


def measure(
    num_agents: int, rows: int, num_steps: int, repetitions: int, device: str, plain: OtherProcess
) -> dict[str, float]:
    """Return the durations of one size [s]."""
    torch.compiler.reset()  # so that the guards of one size do not slow down the next one
    actor_cfg, mask = ActorConfig(hidden_dims=list(WIDTHS)), torch.ones(num_agents, ACTION_DIM, device=device)
    sampler_cfg, rounded_cfg = (SamplerConfig(num_steps, precision=name) for name in ("float32", "bfloat16"))
    actor, rounded = (
        DiffusionActor(OBS_DIM, mask, actor_cfg, cfg, "auto", device).to(device) for cfg in (sampler_cfg, rounded_cfg)
    )
    obs = torch.randn(rows, num_agents, OBS_DIM, device=device)
    in_features = FourierFeatures(1, ACTION_DIM, actor_cfg.action_features).out_features
    sizes = num_agents, rows, num_steps
    functions = {
        "chain": lambda: actor.sample(obs),
        "bfloat16": lambda: rounded.sample(obs),
        "plain": plain.build(make_loop, *sizes, device),
        "loop": make_loop(*sizes, device),
        "products": matrix_products(*sizes, in_features, device),
    }
    with torch.inference_mode():
        return medians(functions, repetitions, device)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repetitions", type=int, default=5, help="Measurements of each.")
    parser.add_argument("--agents", type=int, nargs="+", default=[2, 6, 12])
    parser.add_argument("--rows", type=int, nargs="+", default=[64, 1024, 4096], help="Environments.")
    parser.add_argument("--steps", type=int, nargs="+", default=[5, 10, 20], help="Denoising steps.")
    args = parser.parse_args()
    print(prepare(args.device))
    print(f"{'A':>3} {'N':>5} {'H':>3} {'chain [ms]':>11}", *(f"{f'{name}/chain':>15}" for name in OTHERS))
    results = []
    with OtherProcess() as plain:
        for num_agents, rows, num_steps in itertools.product(args.agents, args.rows, args.steps):
            times = measure(num_agents, rows, num_steps, args.repetitions, args.device, plain)
            ratios = {f"{name}_over_chain": round(times[name] / times["chain"], 3) for name in OTHERS}
            results.append({"agents": num_agents, "rows": rows, "steps": num_steps, **ratios})
            size, chain = f"{num_agents:>3} {rows:>5} {num_steps:>3}", times["chain"] * 1e3
            print(size, f"{chain:>11.1f}", *(f"{ratio:>15.2f}" for ratio in ratios.values()), flush=True)
    print(json.dumps({"device": args.device, "threads": torch.get_num_threads(), "results": results}))


if __name__ == "__main__":
    main()
