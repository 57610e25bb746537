# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Drive a hand by an exported policy with numpy and onnxruntime alone: ``drive_hand.py right_hand.json``."""

import argparse
import json
import numpy as np
import time
from pathlib import Path

import onnxruntime


class Policy:
    """An exported agent; the same seed and observations give the same actions."""

    def __init__(self, sidecar: Path, seed: int) -> None:
        """Load the network that the sidecar names."""
        self.about = json.loads(sidecar.read_text())
        self.session = onnxruntime.InferenceSession(sidecar.with_name(self.about["files"]["onnx"]))
        self.random = np.random.default_rng(seed)

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Draw an action within its limits. Shape: (observation size,) -> (action size,)."""
        steps, _, size = self.about["inputs"]["noise"]["shape"]
        noise = self.random.standard_normal((steps, 1, size), dtype=np.float32)
        return self.session.run(["action"], {"observation": observation[None], "noise": noise})[0][0]


class DryRun:
    """Stands in for a hand: feels what training felt on average, and its last action. Put your driver in its place."""

    def __init__(self, about: dict) -> None:
        """Find the columns of the last action, and name those of which the policy takes no notice."""
        for column in about["normalizer"]["constant"]:
            print(f"{about['agent']} never saw {column['entry']} vary (column {column['column']}) and ignores it.")
        self.observation = np.array(about["normalizer"]["mean"], np.float32)
        self.columns = {s["name"]: slice(s["start"], s["stop"]) for s in about["inputs"]["observation"]["signals"]}

    def observe(self) -> np.ndarray:
        """Return the observation, its columns as the sidecar's ``signals`` name them."""
        return self.observation

    def command(self, action: np.ndarray) -> None:
        """Send the targets to the motors, in the order of the sidecar's ``signals`` of the action."""
        if "last_action" in self.columns:
            self.observation[self.columns["last_action"]] = action


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sidecar", type=Path)
    parser.add_argument("--num_steps", type=int, default=120)
    args = parser.parse_args()
    policy = Policy(args.sidecar, seed=0)
    hand = DryRun(policy.about)
    for _ in range(args.num_steps):
        start = time.perf_counter()
        action = policy.act(hand.observe())
        hand.command(action)
        time.sleep(max(0.0, policy.about["step_duration"] - (time.perf_counter() - start)))
    print(f"{args.num_steps} actions of {policy.about['agent']}; the last one: {np.round(action, 3).tolist()}")
