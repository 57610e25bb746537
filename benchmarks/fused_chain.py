# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Measure the denoising chain on a GPU: step by step, compiled and captured, and as one kernel.

Prints one line of JSON per figure as soon as it is known. All are medians over replays of a CUDA graph that holds
everything from observations and noise to actions, but ``eager``, which has no graph, and ``kernel``, which leaves out
what comes before the chain. Errors are those of actions against the chain in double precision, in units of the box
half-width. The variants of the kernel are compiled by other processes meanwhile.
"""

from __future__ import annotations

import argparse
import collections
import copy
import functools
import itertools
import json
import multiprocessing
import statistics
import time
import torch
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models import fused_chain
from ddpl_isaac.models.diffusion_actor import DiffusionActor

DEVICE = "cuda"
AGENTS, OBS_DIM, ACTION_DIM, STEPS = 2, 157, 20, 10
ROWS, DEPTHS = (4096, 1024, 64, 16384), (2, 3)
KINDS = {"bf16": torch.bfloat16, "tf32": torch.float32}
TILES = [
    fused_chain.Tile(*tile)
    for tile in (
        (64, 32, 2, 8),
        (64, 64, 2, 8),
        (32, 64, 2, 4),
        (32, 64, 2, 8, 128),
        (32, 32, 2, 8, 128),
        (32, 32, 2, 4),
        (64, 32, 2, 4),
        (64, 64, 2, 4),
        (64, 64, 1, 8),
        (64, 32, 1, 8),
        (64, 64, 3, 8),
        (64, 32, 3, 8),
        (32, 64, 3, 4),
        (32, 32, 3, 4),
        (32, 64, 1, 8, 128),
        (32, 32, 3, 8, 128),
        (128, 32, 2, 8),
        (128, 64, 2, 8),
        (64, 128, 1, 8),
        (32, 128, 2, 8),
        (16, 64, 2, 4),
    )
]
"""Those whose loads fit into shared memory and that spill few registers, ordered by promise."""

BASELINES = {
    "graph_high": ("high", "float32"),
    "graph_bf16": ("high", "bfloat16"),
    "graph_highest": ("highest", "float32"),
}
"""Precision of float32 products, and of the sampler."""

started = time.perf_counter()


def say(**figures: Any) -> None:
    """Print a line."""
    print(json.dumps({**figures, "at": round(time.perf_counter() - started, 1)}), flush=True)


@functools.cache
def make_actor(depth: int, precision: str, mode: str) -> DiffusionActor:
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
    return (
        copy.deepcopy(make_actor(depth, "float32", "eager"))
        .double()
        .sample_from(*(tensor.double() for tensor in inputs(rows)))
    )


def captured(function: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
    """Return what replays a function, and its result."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            function()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = function()
    return graph.replay, result


def milliseconds(function: Callable[[], object], repetitions: int = 50) -> float:
    """Return the median duration [ms]."""
    for _ in range(5):
        function()
    events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(repetitions)]
    for before, after in events:
        before.record()
        function()
        after.record()
    torch.cuda.synchronize()
    return round(statistics.median(before.elapsed_time(after) for before, after in events), 4)


def measure(name: str, rows: int, depth: int, function: Callable[[], torch.Tensor], **more: Any) -> float:
    """Time a function in a graph and print it with its error; return the time [ms], infinite if it fails."""
    size = {"name": name, "depth": depth, "rows": rows, **more}
    try:
        replay, result = captured(function)
        duration = milliseconds(replay)
        error = (result.view_as(exact(rows, depth)) - exact(rows, depth)).abs()
    except Exception as failure:
        say(**size, failed=f"{type(failure).__name__}: {failure}".partition("\n")[0][:300])
        return float("inf")
    say(**size, ms=duration, largest_error=round(error.max().item(), 6), mean_error=round(error.mean().item(), 7))
    return duration


def arguments_of_kernel(actor: DiffusionActor, rows: int, kind: str) -> list[Any]:
    """Return what the kernel reads."""
    prepared = fused_chain.prepare(actor.denoiser, actor.schedule, inputs(rows)[0], KINDS[kind])
    return [inputs(rows)[1], *prepared]


def build(depth: int, kind: str, tile: fused_chain.Tile) -> None:
    """Compile a variant of the kernel, to be found in Triton's cache by other processes."""
    actor = make_actor(depth, "float32", "eager")
    fused_chain.denoising_chain(*arguments_of_kernel(actor, 64, kind), list(tile))
    torch.cuda.synchronize()  # a fault is to end this process, not the one that measures


def baseline(name: str, rows: int, depth: int) -> None:
    """Measure the chain as it is captured today."""
    products, precision = BASELINES[name]
    torch.set_float32_matmul_precision(products)
    actor = make_actor(depth, precision, "auto")

    def chain() -> torch.Tensor:
        with actor._products(torch.device(DEVICE)):
            return actor.sample_from(*inputs(rows))

    measure(name, rows, depth, chain)
    torch.set_float32_matmul_precision("high")


def kernel(rows: int, depth: int, kind: str, tile: fused_chain.Tile, ready: Future) -> float:
    """Measure a variant of the kernel alone, once it has been compiled."""
    try:
        ready.result()
    except Exception as failure:
        say(name="kernel", depth=depth, rows=rows, kind=kind, tile=tile, failed=f"{failure}".partition("\n")[0][:300])
        return float("inf")
    arguments = arguments_of_kernel(make_actor(depth, "float32", "eager"), rows, kind)
    call = functools.partial(fused_chain.denoising_chain, *arguments, list(tile))
    return measure("kernel", rows, depth, call, kind=kind, tile=tile)


def fused(rows: int, depth: int, kind: str, tile: fused_chain.Tile) -> None:
    """Measure the whole chain with the kernel in it."""
    precision = "bfloat16" if kind == "bf16" else "float32"
    actor = make_actor(depth, precision, "auto")

    def chain() -> torch.Tensor:
        with actor._products(torch.device(DEVICE)):
            arguments = actor.denoiser, actor.schedule, *inputs(rows), 1, KINDS[kind], tile
            return actor._fused_function(*arguments)

    measure("fused", rows, depth, chain, kind=kind, tile=tile)


def run(depth: int, ready: dict, left: Callable[[], float]) -> None:
    """Measure everything at a depth, what matters most first."""
    eager = make_actor(depth, "float32", "eager")
    for rows in ROWS:
        say(name="eager", depth=depth, rows=rows, ms=milliseconds(lambda n=rows: eager.sample_from(*inputs(n)), 10))
    times: dict[tuple[str, int], list[tuple[float, fused_chain.Tile]]] = collections.defaultdict(list)

    def try_tile(kind: str, rows: int, tile: fused_chain.Tile) -> None:
        times[kind, rows].append((kernel(rows, depth, kind, tile, ready[depth, kind, tile]), tile))

    def try_good_tiles(kind: str, rows: int) -> None:
        for tile in {*(tile for _, tile in sorted(times[kind, ROWS[0]])[:3]), TILES[-1]}:
            try_tile(kind, rows, tile)

    def fused_best(kind: str, rows: int) -> None:
        fused(rows, depth, kind, min(times[kind, rows])[1])

    tasks: list[Callable[[], None]] = []
    tasks += [functools.partial(baseline, name, ROWS[0], depth) for name in BASELINES]
    tasks += [functools.partial(try_tile, kind, ROWS[0], tile) for tile in TILES for kind in KINDS]
    tasks += [functools.partial(fused_best, kind, ROWS[0]) for kind in KINDS]
    for rows in ROWS[1:]:
        tasks += [functools.partial(try_good_tiles, kind, rows) for kind in KINDS]
        tasks += [functools.partial(fused_best, kind, rows) for kind in KINDS]
        tasks += [functools.partial(baseline, name, rows, depth) for name in ("graph_high", "graph_bf16")]
    for task in tasks:
        if left() > 0.0:
            task()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=70.0, help="After these, nothing further is begun.")
    parser.add_argument("--processes", type=int, default=14, help="Those that compile variants of the kernel.")
    args = parser.parse_args()
    torch.set_float32_matmul_precision("high")
    with torch.no_grad(), ProcessPoolExecutor(args.processes, multiprocessing.get_context("spawn")) as pool:
        variants = itertools.product(DEPTHS, KINDS, TILES)
        ready = {variant: pool.submit(build, *variant) for variant in variants}
        say(device=torch.cuda.get_device_name(), variants=len(ready))
        say(
            name="randn",
            rows=4096,
            ms=milliseconds(lambda: torch.randn(STEPS, AGENTS, 4096, ACTION_DIM, device=DEVICE)),
        )
        for depth in DEPTHS:
            run(depth, ready, lambda: args.seconds - (time.perf_counter() - started))
        pool.shutdown(wait=False, cancel_futures=True)


if __name__ == "__main__":
    main()
