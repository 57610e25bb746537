# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One update of the learner against single eager learners and against its arithmetic; the last line is JSON.

``OMP_NUM_THREADS=1 python benchmarks/update.py`` measures one core at the sizes of DDPL-Shadow-Hands, for several
numbers of agents. With local critics a team of A agents equals A learners of one agent, run eagerly one after the
other and step by step: that is what stacking, batching and compiling are compared with. ``plain`` are those learners
in a process that has torch's own settings, ``single`` with the settings of this project for products and memory. The
shares and the floor are those of the default critic.
"""

from __future__ import annotations

import argparse
import json
import torch
from collections.abc import Callable
from tensordict import TensorDict
from torch.utils.flop_counter import FlopCounterMode

from timing import OtherProcess, medians, prepare

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.config.loader import load_config, resolve_resource

OBS_DIM, STATE_DIM, ACTION_DIM = 157, 290, 20
ROWS = 32
"""Environment steps in the replay."""
SETTINGS = "ddpl_isaac.configs:task/hands.yaml"


class Shapes:
    """What a learner needs to know of an environment."""

    state_dim = STATE_DIM

    def __init__(self, num_agents: int, num_envs: int) -> None:
        """Lay out agents like the hands."""
        self.num_envs = num_envs
        bounds = (-1.0,) * ACTION_DIM, (1.0,) * ACTION_DIM
        slices = (slice(i * ACTION_DIM, (i + 1) * ACTION_DIM) for i in range(num_agents))
        self.agents = tuple(AgentSpec(f"agent_{i}", OBS_DIM, part, *bounds) for i, part in enumerate(slices))

    def restart(self, rows: torch.Tensor) -> None:
        """Nothing breaks here."""


def make_learner(num_agents: int, device: str, *overrides: str, num_envs: int = 64) -> DDPL:
    """Return a learner of the hands' settings whose replay is full of noise."""
    return make_rollouts(num_agents, device, *overrides, num_envs=num_envs)[0].learner


def make_rollouts(
    num_agents: int, device: str, *overrides: str, num_envs: int = 64
) -> tuple[Rollouts, Callable[[], None]]:
    """Return such a learner behind what environments see of it, and what acts and records once."""
    small = f"agent.algorithm.replay.capacity={ROWS * num_envs}", "agent.algorithm.warmup_steps_per_env=0"
    cfg = load_config(
        resolve_resource(SETTINGS),
        ["agent.algorithm.overlap_learning=false", *small, *overrides],
        {"num_envs": num_envs},
    )
    shapes = Shapes(num_agents, num_envs)

    def observations() -> TensorDict:
        obs = {agent.name: torch.randn(num_envs, OBS_DIM, device=device) for agent in shapes.agents}
        obs["state"] = torch.randn(num_envs, STATE_DIM, device=device)
        return TensorDict(obs, batch_size=[num_envs], device=device)

    rollouts, before = Rollouts(shapes, cfg, device), observations()
    reward, done = torch.rand(num_envs, device=device), torch.rand(num_envs, device=device) < 0.01
    after, extras = observations(), {"time_outs": torch.zeros_like(done)}

    def act_and_record() -> None:
        with torch.inference_mode():
            rollouts.act(before)
            rollouts.process_env_step(after, reward, done, extras)

    for _ in range(ROWS):
        act_and_record()
    return rollouts, act_and_record


def count_flops(num_agents: int, device: str) -> int:
    """Return the floating-point operations of the matrix products of an update."""
    learner = make_learner(num_agents, device, "agent.algorithm.compile=eager")
    with FlopCounterMode(display=False) as counter:
        learner.update(learner.steps_per_iteration)
    return counter.get_total_flops()


def step_by_step(learner: DDPL) -> None:
    """Update as one would write it first: every critic step draws its batch and its next actions."""
    for _ in range(learner.critic_updates_due(learner.steps_per_iteration)):
        batch = learner._sample(learner.cfg.replay.batch_size)
        next_actions = learner.actor.sample(batch.next_obs, generator=learner.generator)[:, :, 0].transpose(0, 1)
        learner._update_critic(batch, next_actions)
    for _ in range(learner.actor_updates_due(learner.steps_per_iteration)):
        learner.improvement.step(learner._states)


def make_single(num_agents: int, device: str) -> Callable[[], object]:
    """Return a function that updates as many eager learners of one agent, one after the other."""
    settings = "agent.algorithm.critic.kind=local", "agent.algorithm.compile=eager"
    learners = [make_learner(1, device, *settings) for _ in range(num_agents)]
    return lambda: [step_by_step(learner) for learner in learners]


def measure(
    num_agents: int, repetitions: int, device: str, settings: list[str], plain: OtherProcess
) -> dict[str, float]:
    """Return ratios and shares of one team; the settings are those of all but the single learners."""
    torch.compiler.reset()
    stacked = make_learner(num_agents, device, "agent.algorithm.critic.kind=local", *settings)
    default = make_learner(num_agents, device, *settings)
    new_steps = default.steps_per_iteration
    critic_steps, actor_steps = default.critic_updates_due(new_steps), default.actor_updates_due(new_steps)
    size = critic_steps * default.cfg.replay.batch_size
    next_obs, batches = default._sample(size).next_obs, list(default._critic_batches(critic_steps))
    rows = torch.randn(num_agents, 2048, 256, device=device), torch.randn(num_agents, 256, 256, device=device)
    times = medians(
        {
            "stacked": lambda: stacked.update(stacked.steps_per_iteration),
            "plain": plain.build(make_single, num_agents, device),
            "single": make_single(num_agents, device),
            "update": lambda: default.update(default.steps_per_iteration),
            "replay": lambda: default._sample(size),
            "next_actions": lambda: default.actor.sample(next_obs),
            "critics": lambda: [default._update_critic(*batch) for batch in batches],
            "candidates": lambda: default.improvement._weigh_candidates(default._states(), new_reference=False),
            "actors": lambda: [default.improvement.step(default._states) for _ in range(actor_steps)],
            "product": lambda: torch.bmm(*rows),
        },
        repetitions,
        device,
        warm_up=3,
    )
    rate = 2 * rows[0].numel() * 256 / times["product"]
    parts = ("replay", "next_actions", "critics", "candidates", "actors")
    shares = {f"{name}_share": times[name] / times["update"] for name in parts}
    shares["actors_share"] -= shares["candidates_share"]
    floor = count_flops(num_agents, device) / rate
    ratios = {f"{name}_over_stacked": times[name] / times["stacked"] for name in ("plain", "single")}
    ratios["floor_over_update"] = floor / times["update"]
    return {"update_s": times["update"], **ratios, **shares}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repetitions", type=int, default=8, help="Measurements of each.")
    parser.add_argument("--agents", type=int, nargs="+", default=[2, 6, 12])
    parser.add_argument("settings", nargs="*", help="agent.field=value, of all but the single learners.")
    args = parser.parse_args()
    print(prepare(args.device))
    results = []
    with OtherProcess() as plain:
        for num_agents in args.agents:
            measured = measure(num_agents, args.repetitions, args.device, args.settings, plain)
            values = {name: round(value, 3) for name, value in measured.items()}
            results.append({"agents": num_agents, **values})
            named = ", ".join(f"{name} {value}" for name, value in values.items())
            print(f"{num_agents:>3} agents: {named}", flush=True)
    print(json.dumps({"device": args.device, "threads": torch.get_num_threads(), "results": results}))


if __name__ == "__main__":
    main()
