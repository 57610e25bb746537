# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Our tasks are the decision processes of Isaac Lab's: same robots, seed and actions give the same rollout."""

import subprocess
import sys
import torch
from pathlib import Path

import pytest

NUM_ENVS, NUM_STEPS = 8, 200


def rollout(origin: str, task: str, folder: Path) -> list[dict[str, torch.Tensor]]:
    """Record one class in a process of its own."""
    script, path = Path(__file__).with_name("record_rollout.py"), folder / f"{origin}.pt"
    command = [sys.executable, str(script), origin, task, str(NUM_ENVS), str(NUM_STEPS), "ovphysx", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=600)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return torch.load(path)


@pytest.mark.parametrize("task", ["cart", "hands"])
def test_rollout_equals_that_of_the_stock_class(task: str, tmp_path: Path):
    ours, stock = rollout("ours", task, tmp_path), rollout("stock", task, tmp_path)
    names = set(stock[-1])
    # rewards sum the same terms in another order; all else is the same arithmetic
    for step, (our_row, stock_row) in enumerate(zip(ours, stock, strict=True)):
        for name, expected in stock_row.items():
            tolerance = {"rtol": 1e-5, "atol": 1e-6} if name.startswith(("reward", "log")) else {"rtol": 0, "atol": 0}
            message = f"{name} differs in step {step}"
            torch.testing.assert_close(
                our_row[name], expected, **tolerance, equal_nan=True, msg=lambda m, t=message: f"{t}: {m}"
            )

    agents = {"cart": ("cart", "pendulum"), "hands": ("right_hand", "left_hand")}[task]
    assert {f"{kind}/{agent}" for kind in ("reward", "terminated", "truncated") for agent in agents} <= names
    ended = {
        kind: sum(int(row[f"{kind}/{agents[0]}"].sum()) for row in stock[1:]) for kind in ("terminated", "truncated")
    }
    assert ended["terminated"] > 0, "no episode failed: the comparison saw too little"
    assert ended["truncated"] >= NUM_ENVS // 2
    if task == "hands":
        goals = torch.stack([row["right_hand"][:, 146:149] for row in stock])
        assert (goals[1:] != goals[:-1]).any(), "no goal was switched"
