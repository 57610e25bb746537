# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What compiling costs with an empty cache and with a full one, each in a process of its own; the last line is JSON.

``python benchmarks/compilation.py`` takes the learner of DDPL-Shadow-Hands. ``compiler`` is TorchInductor's start with
a trivial function, which a training does beside the simulator; ``chain`` the first draws of actions, next actions and
candidates; ``losses`` the first update of critics and actors beyond what a later one takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import torch

from timing import prepare, timed
from update import OBS_DIM, make_learner

from ddpl_isaac.runtime.compilation import compiled


def first_calls(device: str) -> dict[str, float]:
    """Return the durations of the first calls of this process [s]."""
    trivial = compiled(lambda x: x + 1.0, "auto", device)
    seconds = {"compiler": timed(lambda: trivial(torch.zeros(64, device=device)), device)}
    # no chain needed to fill the replay
    learner = make_learner(2, device, "agent.algorithm.warmup_steps_per_env=1000000")
    cfg, actor = learner.cfg, learner.actor

    def draw() -> None:
        for rows, num_samples in ((64, 1), (2048, 1), (cfg.actor_batch_size, cfg.issm.num_candidates)):
            actor.sample(torch.randn(rows, 2, OBS_DIM, device=device), num_samples)

    seconds["chain"] = timed(draw, device)
    first, later = (timed(lambda: learner.update(learner.steps_per_iteration), device) for _ in range(2))
    return seconds | {"losses": first - later}


def in_a_process(device: str, cache: str) -> dict[str, float]:
    """Measure in a process of its own with this cache."""
    command = [sys.executable, __file__, "--device", device, "--here"]
    environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--here", action="store_true", help="Measure in this process, with the cache as it is.")
    args = parser.parse_args()
    print(prepare(args.device))
    if args.here:
        print(json.dumps(first_calls(args.device)))
        return
    with tempfile.TemporaryDirectory() as cache:
        results = {name: in_a_process(args.device, cache) for name in ("empty", "full")}
    for name, seconds in results.items():
        print(f"{name:5} cache: " + ", ".join(f"{part} {value:.1f} s" for part, value in seconds.items()))
    rounded = {name: {part: round(value, 2) for part, value in parts.items()} for name, parts in results.items()}
    print(json.dumps({"device": args.device, "threads": torch.get_num_threads(), "results": rounded}))


if __name__ == "__main__":
    main()
