# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Plays the task of unlike agents with fixed actions and saves what the adapter returned: one simulation per process.

Usage: ``python record_unlike_agents.py FILE``
"""

import re
import sys
import time
import torch
from pathlib import Path

import gymnasium as gym

from ddpl_isaac.cli import Parser

TASK = "Test-Checked-Agents"
COUNTED = 77
"""Steps that a curriculum is told to have seen."""
IDLE_S = 0.5
"""How long nothing is done [s]."""


def wakes_while_idle():
    """How often the threads of this process wake while it has nothing to do."""

    def wakes():
        status = [(task / "status").read_text() for task in Path("/proc/self/task").iterdir()]
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.MULTILINE)[1]) for text in status)

    before = wakes()
    time.sleep(IDLE_S)
    return wakes() - before


def main(path):
    command = Parser("Record.").parse(["--task", TASK, "env.fail_after=5"])
    plan = command.source.plan(command.args, command.env)
    plan = plan.source.bounded(plan, plan.limits)
    with plan.source.open(plan, num_envs=2, seed=1, log_dir=Path(), video_folder="none") as env:
        record = {"agents": env.agents, "state_dim": env.state_dim, "max_episode_length": env.max_episode_length}
        record["settings"] = plan.settings
        identity = env.identity()
        record["as_declared"] = identity["as_declared"]
        record["declared"] = {key: identity[key] for key in plan.declared} == plan.declared
        env.step(torch.zeros(2, 3))
        record["counted"] = env.counters()["common_step_counter"]
        env.load_counters({"common_step_counter": COUNTED})
        record["episode_steps"] = env.episode_length_buf.clone()
        record["wakes_per_second"] = wakes_while_idle() / IDLE_S
        record["steps"] = []
        for _ in range(12):
            actions = torch.tensor([[5.0, 0.5, float("nan")], [1.0, -0.25, 9.0]])
            obs, reward, dones, extras = env.step(actions)
            extras["final_obs"] = extras["final_obs"].to_dict() if "final_obs" in extras else None
            record["steps"].append({"obs": obs.to_dict(), "reward": reward, "dones": dones, "extras": extras})
        record["counted_on"] = env.unwrapped.common_step_counter
    torch.save(record, path)


# with all that gymnasium wraps around an environment by itself
gym.register(
    id=TASK,
    entry_point="unlike_agents:UnlikeAgentsEnv",
    max_episode_steps=100,
    kwargs={"env_cfg_entry_point": "unlike_agents:UnlikeAgentsEnvCfg"},
)

if __name__ == "__main__":
    main(sys.argv[1])
