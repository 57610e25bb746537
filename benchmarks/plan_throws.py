# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whether a hand can throw to the other one, and that one back: a planner instead of a policy; the last line is JSON.

``python benchmarks/plan_throws.py --task DDPL-Shadow-Hands --num_envs 64 --num_throws 2`` lets the object settle in the
first hand, cupped, and saves ``--num_starts`` states. The cross-entropy method then searches one sequence of actions
that throws and catches from all of them: every environment starts in one of the states and plays a candidate. The best
one is played again in all environments, and the next throw is planned from where they caught. In the end all throws
are played in one go, from the first states and by the rules of the task.
"""

import json
import re
import torch
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ddpl_isaac.assets.shadow_hand import CUPPED_JOINTS, CUPPED_TENDONS
from ddpl_isaac.cli import CommandLine, Parser, run
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.tasks.hands.throw_env_cfg import ThrowEnvCfg

SEGMENT = 6
"""Steps for which a command is held; a throw and its catch take half a second, 30 steps."""

NUM_SEGMENTS = 10
"""Commands of a throw: 60 steps, of which the last ones show whether the object stays."""

NEVER = 10**9
"""Steps after which a goal is reached while a throw is planned, so that it stays where it is."""

CLOSEST_APPROACH = 20.0
"""What a metre of the closest approach to the goal costs; the reward is too flat to be followed from afar."""


def make_parser() -> Parser:
    """Return the parser."""
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument("--num_throws", type=int, default=2, help="Throws, to and fro.")
    parser.add_argument("--num_iterations", type=int, default=40, help="Iterations of the cross-entropy method.")
    parser.add_argument("--num_starts", type=int, default=1, help="States from which one throw must do; >= 1.")
    parser.add_argument("--apart", action="store_true", help="Let the four fingers of a hand move apart.")
    return parser


class Played(NamedTuple):
    """What came of a sequence of actions. Shape of each: (num_steps, num_envs)."""

    reward: torch.Tensor
    """Reward per step, 0 once the object has fallen."""

    distance: torch.Tensor
    """From the object to the goal that was wanted at first [m]; infinite once it has fallen."""

    def score(self) -> torch.Tensor:
        """Return what a candidate is worth. Shape: (num_envs,)."""
        return self.reward.sum(0) - CLOSEST_APPROACH * self.distance.amin(0)


class Stage:
    """Environments that can be put into one state, and whose episodes do not end of their own accord."""

    def __init__(self, env: Any) -> None:
        """Suspend the rule by which episodes end; what has fallen is left where it is."""
        self.env, self.task = env, env.unwrapped
        self._lowest, self._steps_required = self.task.cfg.fall_dist, self.task.cfg.success_steps_required
        self.task.cfg.fall_dist = -1.0

    def save(self, rows: torch.Tensor) -> Any:
        """Return the states of some environments, by their numbers."""
        return _of_each(self.task.scene.get_state(is_relative=True), lambda value: value[rows])

    def load(self, states: Any, goals_reached: int) -> None:
        """Put every environment into one of the states, drawn anew, with the goal that is wanted after so many."""
        draws = torch.randperm(self.env.num_envs, device=self.env.device)
        drawn = _of_each(states, lambda value: value[draws % len(value)])
        self.task.scene.reset_to(drawn, is_relative=True)
        self.task.goals.reset(torch.arange(self.env.num_envs, device=self.env.device))
        self.task.goals.handovers.fill_(goals_reached)
        self.task.episode_length_buf.zero_()

    def play(self, actions: torch.Tensor, goals_move: bool = False) -> Played:
        """Play sequences of joint actions, by the task's rules or with goals that stay.

        Args:
            actions: Actions. Shape: (num_steps, num_envs, num_actions).
            goals_move: Whether a goal that is reached gives way to the next.
        """
        self.task.cfg.success_steps_required = self._steps_required if goals_move else NEVER
        goal, rewards, distances = self.task.goal_position.clone(), [], []
        up = torch.ones(self.env.num_envs, dtype=torch.bool, device=self.env.device)
        for action in actions:
            reward = self.env.step(action)[1]
            position = self.task._object_pose[:, :3]
            up = up & (position[:, 2] > self._lowest)
            rewards.append(reward * up)
            distances.append(torch.where(up, torch.linalg.norm(position - goal, dim=-1), torch.inf))
        return Played(torch.stack(rewards), torch.stack(distances))


def _of_each(states: Any, function: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Apply a function to every tensor of nested states."""
    if isinstance(states, dict):
        return {name: _of_each(entry, function) for name, entry in states.items()}
    return function(states)


class Commands:
    """Commands of hands, in which the four fingers of a hand may share theirs."""

    def __init__(self, env: Any, apart: bool) -> None:
        """Group the motors that share a command."""
        names = [
            (agent, entry if apart else re.sub(r"(FF|MF|RF|LF)J", "*J", entry))
            for agent, signals in env.signals.items()
            for signal in signals.action
            for entry in signal.entries
        ]
        groups = list(dict.fromkeys(names))
        self.size = len(groups)
        self.columns = torch.tensor([groups.index(name) for name in names], device=env.device)
        self.hands = torch.tensor([list(env.signals).index(agent) for agent, _ in groups], device=env.device)
        self.cupped = torch.stack([_cupped(env)[self.columns == i].mean() for i in range(self.size)])

    def actions(self, commands: torch.Tensor) -> torch.Tensor:
        """Hold every command. Shape: (..., num_segments, size) to (steps, ..., num_actions)."""
        held = commands[..., self.columns].repeat_interleave(SEGMENT, dim=-2)
        return held.movedim(-2, 0)

    def other_way(self, commands: torch.Tensor) -> torch.Tensor:
        """Exchange the hands."""
        half = self.size // 2
        return torch.cat([commands[..., half:], commands[..., :half]], dim=-1)


def _cupped(env: Any) -> torch.Tensor:
    """Return the actions of hands cupped around an object. Shape: (num_actions,)."""
    task = env.unwrapped
    motors = [CUPPED_JOINTS[task.hands[0].joint_names[i]] for i in task._motors.tolist()]
    tendons = [CUPPED_TENDONS[task.hands[0].fixed_tendon_names[i]] for i in task._tendons]
    low, high = (torch.cat([a[0], b[0]]) for a, b in zip(task._motor_limits, task._tendon_limits, strict=True))
    target = torch.tensor([*motors, *tendons], device=env.device)
    return (2.0 * (target - low) / (high - low) - 1.0).repeat(len(task.hands))


def plan_throw(
    evaluate: Callable[[torch.Tensor], torch.Tensor], mean: torch.Tensor, num_candidates: int, num_iterations: int
) -> torch.Tensor:
    """Search commands by the cross-entropy method and return the elite that is best on average over repetitions.

    Args:
        evaluate: Scores of candidates. Shape: (num_candidates, num_segments, size) to (num_candidates,).
        mean: Where the search starts. Shape: (num_segments, size).
        num_candidates: Candidates per iteration, of which an eighth is kept; at least 4.
        num_iterations: Iterations.
    """
    std, elites = torch.full_like(mean, 0.5), mean.unsqueeze(0)
    for iteration in range(num_iterations):
        fresh = mean + std * torch.randn(num_candidates, *mean.shape, device=mean.device)
        kept = min(len(elites), 3)
        candidates = torch.cat([mean.unsqueeze(0), elites[:kept], fresh])[:num_candidates].clamp(-1.0, 1.0)
        scores = evaluate(candidates)
        elites = candidates[scores.topk(max(num_candidates // 8, 2)).indices]
        mean = 0.2 * mean + 0.8 * elites.mean(0)
        std = (0.2 * std + 0.8 * elites.std(0)).clamp(min=0.05)
        print(f"  {iteration}: best {scores.max():.2f}, mean {scores[0]:.2f}, spread {std.mean():.2f}", flush=True)
    which = torch.arange(num_candidates, device=mean.device) % len(elites)
    total = torch.zeros(len(elites), device=mean.device).index_add_(0, which, evaluate(elites[which]))
    return elites[(total / which.bincount()).argmax()]


def best(played: Played, sound: torch.Tensor, number: int) -> torch.Tensor:
    """Return the numbers of the best environments among the sound ones, ``number`` at most."""
    return torch.where(sound, played.score(), -torch.inf).topk(min(number, int(sound.sum()))).indices


def spread(position: torch.Tensor) -> float:
    """Return the root of the mean squared distance from the mean place [m]. Shape: (N, 3)."""
    return (position - position.mean(0)).square().sum(-1).mean().sqrt().item()


def check(task: str, cfg: Any, num_throws: int) -> None:
    """Refuse what cannot be planned.

    Raises:
        ConfigError: If no hands throw, a hand is divided, or the goal stays with the hand that caught.
    """
    if not isinstance(cfg, ThrowEnvCfg):
        raise ConfigError(f"No hands throw in {task}; take DDPL-Shadow-Hands or one of its Catch tasks.")
    if cfg.agents_per_hand > 1:
        raise ConfigError("Throws are planned for whole hands: leave out env.agents_per_hand.")
    if num_throws > 1 and not cfg.goal_moves:
        raise ConfigError(f"The goal of {task} stays: give --num_throws 1, or env.goal_moves=true.")


def play(command: CommandLine) -> None:
    """Plan and print."""
    args = command.args
    plan = command.source.plan(args, command.env)
    check(plan.task, plan.cfg, args.num_throws)
    plan.cfg.episode_length_s = 1000.0
    num_envs, seed = args.num_envs or 64, args.seed or 1
    with plan.source.open(plan, num_envs=num_envs, seed=seed, log_dir=Path(), video_folder="benchmark") as env:
        torch.manual_seed(seed)
        stage, commands = Stage(env), Commands(env, args.apart)
        begun = stage.play(commands.actions(commands.cupped.expand(num_envs, NUM_SEGMENTS // 2, -1)))
        first = states = stage.save(best(begun, begun.distance[-1].isfinite(), args.num_starts))
        mean, throws, results = commands.cupped.expand(NUM_SEGMENTS, -1), [], []
        goals = env.unwrapped.goals
        for throw in range(args.num_throws):

            def evaluate(candidates: torch.Tensor, states: Any = states, throw: int = throw) -> torch.Tensor:
                stage.load(states, throw)
                return stage.play(commands.actions(candidates)).score()

            chosen = plan_throw(evaluate, mean, num_envs, args.num_iterations)
            stage.load(states, throw)
            played = stage.play(commands.actions(chosen.expand(num_envs, -1, -1)), goals_move=True)
            caught = (goals.handovers > throw) & (played.distance[-1] < env.unwrapped.cfg.success_distance_threshold)
            closest = played.distance.amin(0).median().item()
            rest = spread(env.unwrapped._object_pose[caught, :3]) if caught.any() else None
            results.append({"caught": caught.float().mean().item(), "closest": closest, "spread_at_rest": rest})
            print(f"Throw {throw + 1}: {results[-1]}", flush=True)
            throws.append(chosen)
            if not caught.any():
                break
            states = stage.save(best(played, caught, args.num_starts))
            mean = commands.other_way(chosen)
        stage.load(first, 0)
        whole = stage.play(commands.actions(torch.cat(throws).expand(num_envs, -1, -1)), goals_move=True)
        handovers = [(goals.handovers > throw).float().mean().item() for throw in range(len(throws))]
    returns = {"return": whole.reward.sum(0).mean().item(), "best_return": whole.reward.sum(0).max().item()}
    print(json.dumps({"task": plan.task, "throws": results, "handovers": handovers, **returns}))


if __name__ == "__main__":
    run(play, make_parser())
