# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Returns of policies that learned nothing, and whether a task survives them; the last line is JSON.

``python benchmarks/simple_policies.py --task DDPL-Shadow-Hands-Catch --num_envs 64`` draws actions uniformly within
their bounds, for complete episodes and at least ``--num_steps`` steps, then holds them in the middle, and then asks the
policy that the task was registered with, if there is one. A table shows the episodes; environments that observed or
were paid what is no number are counted, step by step, and their episodes are cut there, as in a training.
"""

import importlib
import json
import torch
from collections.abc import Callable
from pathlib import Path
from tensordict import TensorDict

import gymnasium as gym

from ddpl_isaac.agents import STATE
from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.envs.guard import NonFiniteGuard
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.runners.evaluator import evaluate


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--num_episodes", type=int, default=256, help="Episodes of each policy.")
    parser.add_argument("--num_steps", type=int, default=2000, help="Steps of the random policy at least.")
    return parser


class Guarded:
    """An environment behind the guard of a training, which counts steps, and environments that broke in one."""

    def __init__(self, env: MultiAgentVecEnv) -> None:
        """Begin at zero."""
        names = [*(agent.name for agent in env.agents), *([STATE] if env.state_dim else [])]
        self._env, self.broken = env, torch.zeros((), dtype=torch.long, device=env.device)
        self.guard = NonFiniteGuard(names, env.num_envs, env.device, restart=env.restart)

    def __getattr__(self, name: str) -> object:
        """Be the environment in everything else."""
        return getattr(self._env, name)

    def reset(self) -> TensorDict:
        """Start new episodes."""
        obs = self._env.reset()
        self.guard.begin(obs)
        return obs

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Step, end broken episodes, and count."""
        obs, reward, dones, extras = self._env.step(actions)
        self.guard.mend(actions, obs, reward, dones, extras)
        self.broken += extras["log"]["Faults/broken_envs"]
        return obs, reward, dones, extras


def scripted_policy(task: str, agents: list[str]) -> Callable[[TensorDict], torch.Tensor] | None:
    """Return the policy that a task was registered with, if any: from observations to the joint action."""
    spec = gym.registry.get(task)  # what has no physics is not registered
    entry = spec.kwargs.get("scripted_policy_entry_point") if spec else None
    if entry is None:
        return None
    module, _, function = entry.partition(":")
    script = getattr(importlib.import_module(module), function)

    def policy(obs: TensorDict) -> torch.Tensor:
        actions = script({agent: obs[agent] for agent in agents})
        return torch.cat([actions[agent] for agent in agents], dim=-1)

    return policy


def play(command: CommandLine) -> None:
    """Play and print."""
    args = command.args
    plan = command.source.plan(args, command.env)
    num_envs, seed = args.num_envs or 64, args.seed or 1
    with plan.source.open(plan, num_envs=num_envs, seed=seed, log_dir=Path(), video_folder="benchmark") as env:
        torch.manual_seed(seed)
        low, high = env.action_bounds()
        shape, guarded = (env.num_envs, env.num_actions), Guarded(env)

        def uniform(_: TensorDict) -> torch.Tensor:
            return low + (high - low) * torch.rand(shape, device=low.device)

        results = [evaluate(guarded, uniform, args.num_episodes, label="random", seed=seed)]
        with torch.inference_mode():
            while guarded.guard.steps < args.num_steps:
                guarded.step(uniform(env.get_observations()))
        random_steps = guarded.guard.steps
        print(f"{random_steps} random steps; not finite: {int(guarded.broken)}\n{results[0].to_table()}", flush=True)
        middle = ((low + high) / 2.0).expand(shape)
        results.append(evaluate(guarded, lambda _: middle, args.num_episodes, label="zero", seed=seed))
        script = scripted_policy(plan.task, [agent.name for agent in env.agents])
        if script is not None:
            results.append(evaluate(guarded, script, args.num_episodes, label="scripted", seed=seed))
        unsound = int(guarded.broken)
    print(results[0].to_table(*results[1:]))
    means = {result.label: {name: result.interval(name)[0] for name in result.values} for result in results}
    print(json.dumps({"task": plan.task, "random_steps": random_steps, "unsound": unsound, "means": means}))


if __name__ == "__main__":
    run(play, make_parser())
