# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain on a GPU, step by step and as one kernel, both as CUDA graphs; a line of JSON per figure.

A graph holds everything from observations and noise to actions. Errors are those of actions against the chain in
double precision, in units of the box half-width. ``--tiles`` measures instead how the kernel may divide its work, alone
and for the first number of rows.
"""

from __future__ import annotations

import argparse
import functools
import json
import torch
from collections.abc import Callable
from typing import Any

from timing import medians, prepare

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models import fused_chain
from ddpl_isaac.models.diffusion_actor import DiffusionActor

DEVICE = "cuda"
AGENTS, OBS_DIM, ACTION_DIM, STEPS = 2, 157, 20, 10
ROWS, DEPTHS, PRECISIONS = (4096, 1024, 64, 16384), (2, 3), ("float32", "bfloat16")
TILES = [
    fused_chain.Tile(*tile)
    for tile in (
        (32, 64, 2, 4),
        (64, 32, 3, 8),
        (32, 32, 2, 4),
        (64, 64, 1, 8),
        (64, 32, 2, 8),
        (64, 64, 3, 8),
        (64, 64, 2, 8),
        (32, 64, 3, 4),
        (16, 64, 2, 4),
    )
]
"""Those whose loads fit into shared memory and that spill few registers."""
CALLS = 20
"""Calls behind each other of which one time is taken: launching is not what is measured."""


def make_actor(depth: int, precision: str, mode: str = "auto") -> DiffusionActor:
    """Return a policy whose last layers are as far from zero as training takes them; the same for equal depths."""
    torch.manual_seed(depth)
    mask, cfg = torch.ones(AGENTS, ACTION_DIM), ActorConfig(hidden_dims=[256] * depth)
    actor = DiffusionActor(OBS_DIM, mask, cfg, SamplerConfig(STEPS, precision=precision), mode, DEVICE)
    with torch.no_grad():
        for last, scale in ((actor.denoiser.mlp.last, 1.0), (actor.denoiser.gaussian.last, 0.3)):
            last.weight.normal_(std=scale / last.weight.shape[1] ** 0.5)
    return actor.to(DEVICE).requires_grad_(False)


@functools.cache
def inputs(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return observations and noise."""
    generator = torch.Generator(DEVICE).manual_seed(rows)
    draw = functools.partial(torch.randn, device=DEVICE, generator=generator)
    return draw(rows, AGENTS, OBS_DIM), draw(STEPS, AGENTS, rows, ACTION_DIM)


@functools.cache
def exact(rows: int, depth: int) -> torch.Tensor:
    """Return actions in double precision."""
    return make_actor(depth, "float32", "eager").double().sample_from(*(tensor.double() for tensor in inputs(rows)))


def say(**figures: Any) -> None:
    """Print a line."""
    print(json.dumps(figures), flush=True)


def measure(rows: int, depth: int, functions: dict[str, Callable[[], torch.Tensor]], **size: Any) -> None:
    """Print the time of each function [ms] and the error of its actions."""

    def repeat(function: Callable[[], torch.Tensor]) -> None:
        for _ in range(CALLS):
            function()

    repeated = {name: functools.partial(repeat, function) for name, function in functions.items()}
    seconds = medians(repeated, 10, DEVICE)
    for name, function in functions.items():
        error = (function().view_as(exact(rows, depth)) - exact(rows, depth)).abs()
        errors = {"largest_error": error.max().item(), "mean_error": error.mean().item()}
        say(name=name, rows=rows, depth=depth, **size, ms=round(1e3 * seconds[name] / CALLS, 4), **errors)


def measure_chain(rows: int, depth: int, precision: str) -> None:
    """Measure all from observations and noise to actions."""
    actor = make_actor(depth, precision)
    chains = {"steps": actor.sample_from, "kernel": actor.sample_fused_from}
    call = functools.partial(actor._graphs, num_samples=1)
    functions = {name: functools.partial(call, chain, *inputs(rows)) for name, chain in chains.items()}
    with actor._products(torch.device(DEVICE)):
        measure(rows, depth, functions, precision=precision)


def measure_tile(rows: int, depth: int, precision: str, tile: fused_chain.Tile) -> None:
    """Measure the kernel alone."""
    actor, (obs, noise) = make_actor(depth, precision), inputs(rows)
    prepared = fused_chain.prepare(actor.denoiser, actor.schedule, obs, getattr(torch, precision))
    kernel = functools.partial(fused_chain.denoising_chain, noise, *prepared, list(tile))
    try:
        measure(rows, depth, {"tile": kernel}, precision=precision, tile=tile)
    except Exception as failure:  # a tile that does not fit
        say(tile=tile, precision=precision, failed=str(failure).splitlines()[0][:200])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", action="store_true", help="Measure how the kernel may divide its work.")
    args = parser.parse_args()
    say(device=prepare(DEVICE))
    with torch.no_grad():
        for depth in DEPTHS:
            for rows in ROWS[:1] if args.tiles else ROWS:
                for precision in PRECISIONS:
                    if args.tiles:
                        for tile in TILES:
                            measure_tile(rows, depth, precision, tile)
                    else:
                        measure_chain(rows, depth, precision)


if __name__ == "__main__":
    main()
