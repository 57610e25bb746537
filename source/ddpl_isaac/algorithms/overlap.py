# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A learner whose gradient steps are taken while the environments step.

Shapes: T steps, N environments, A agents, O observation, S state.
"""

from __future__ import annotations

import copy
import torch
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ddpl_isaac.algorithms.ddpl import DDPL, STEPS_AT_ONCE
from ddpl_isaac.algorithms.learner import Learner, Step
from ddpl_isaac.algorithms.learner_process import LearnerProcess, start_ahead, take_process
from ddpl_isaac.algorithms.learner_stream import LearnerStream
from ddpl_isaac.config import AlgorithmConfig, TrainConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.make_actor import make_actor
from ddpl_isaac.models.normalizer import make_normalizer
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.compilation import wait_for_compiler
from ddpl_isaac.runtime.configure import configure
from ddpl_isaac.runtime.cuda_graphs import wants_graphs


class Overlapped(Learner):
    """A policy that acts, and a :class:`DDPL` that learns meanwhile, one iteration behind.

    The environments of an iteration are played by the policies that were there when the iteration began, while the
    learner works on all that was seen before it. The learner's random numbers are its own, so a run repeats bit for bit
    whichever side is faster. On a CPU the learner has a process: a thread would not do, as both sides spend most of
    their time in calls that keep the interpreter to themselves. On a GPU it has a stream.
    """

    saved_as = DDPL.saved_as

    @classmethod
    def shaped_by(cls, cfg: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the settings without which the networks of a checkpoint cannot be loaded."""
        return DDPL.shaped_by(cfg)

    def __init__(self, stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> None:
        """Create the policy that acts, and the learner in its process or with its stream.

        Args:
            stack: Layout of the agents.
            num_envs: Environments N.
            cfg: Settings of the training.
            device: Device of the policy and the learner.

        Raises:
            UserError: If the learner's settings are wrong.
            OutOfMemoryError: If the replay does not fit.
        """
        self.stack, self.cfg = stack, cfg.algorithm
        on_gpu = torch.device(device).type == "cuda"
        self._learner: LearnerProcess | LearnerStream
        self._learner = LearnerStream(device) if on_gpu else take_process(*_imports(cfg.algorithm))
        wait_for_compiler()  # what it has found out spares the learner's process the question
        self._learner.build(partial(_build_learner, stack, num_envs, cfg, device))
        normalizer = make_normalizer((stack.num_agents, stack.obs_dim), cfg.algorithm, device)
        actor = make_actor(stack.obs_dim, stack.action_mask, cfg.algorithm, device).to(device).requires_grad_(False)
        captures = wants_graphs(cfg.algorithm.compile, device)
        self.policy = JointPolicy(stack, normalizer, actor, captures=captures).eval()
        self._first: tuple[torch.Tensor, torch.Tensor] | None = None
        self._waiting: list[Step] = []
        self._learning = False
        self._learned: tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]] | None = None
        with torch.inference_mode():  # compiles what will be needed while the learner does
            obs = torch.zeros(num_envs, stack.num_agents, stack.obs_dim, device=device)
            actor.sample(obs, generator=torch.Generator(device))
        self._learner.result()
        self.policy.load_state_dict(self._learner.call(_policy))

    def begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Keep the first observations until the learner is idle."""
        self._first = obs_NAO, state_NS

    def record(self, step: Step) -> None:
        """Keep a step until the learner is idle."""
        self._waiting.append(step)

    def update(self, env_steps: int, *, critics_alone: bool = False) -> dict[str, torch.Tensor]:
        """Start the gradient steps of this iteration.

        Returns:
            Metrics of the iteration before; none at first. Shape of each: ().

        Raises:
            Exception: Whatever the gradient steps of the iteration before raised.
        """
        self._wait()
        metrics = {}
        if self._learned is not None:
            metrics, policy = self._learned
            self.policy.load_state_dict(policy)
        steps = Step(*(torch.stack(field) for field in zip(*self._waiting, strict=True))) if self._waiting else None
        self._learner.submit(_learn, self._first, steps, critics_alone, env_steps)
        self._first, self._learning = None, True
        self._waiting.clear()
        return metrics

    def _wait(self) -> None:
        """Wait for the gradient steps under way."""
        if self._learning:
            self._learning = False
            self._learned = self._learner.result()

    def ask(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return what a picklable function of the learner returns, once the gradient steps under way are taken."""
        self._wait()
        return self._learner.call(partial(_with, function, args, kwargs))

    def get_policy(self, averaged: bool = False) -> JointPolicy:
        """Return the policy that acts, or a copy of the averaged (EMA) joint policy."""
        if not averaged:
            return self.policy
        policy = copy.deepcopy(self.policy)
        policy.load_state_dict(self.ask(_policy, averaged=True))
        return policy

    def check(self, env_steps: int) -> None:
        """Refuse to go on if a number of the learner is not finite, once the gradient steps under way are taken."""
        self.ask(DDPL.check, env_steps)

    def look_at_columns(self) -> str | None:
        """Return a sentence on columns that tell the learner nothing."""
        return self.ask(DDPL.look_at_columns)

    def train_mode(self) -> None:
        """Let the normalisers learn."""
        self.ask(DDPL.train_mode)

    def eval_mode(self) -> None:
        """Freeze the normalisers."""
        self.ask(DDPL.eval_mode)

    def save(self) -> dict[str, Any]:
        """Return everything but the replay, with the gradient steps under way."""
        state = self.ask(DDPL.save)
        state["modules"]["acting"] = self.policy.state_dict()
        state["metrics"] = {} if self._learned is None else self._learned[0]
        return state

    def load(self, state: dict[str, Any], *, strict: bool = True) -> None:
        """Restore what :meth:`save` gave, or a learner's that did not overlap: its policies act at first."""
        self.ask(DDPL.load, state, strict=strict)
        learned = self.ask(_policy)
        self._learned = state.get("metrics", {}), learned
        self.policy.load_state_dict(state["modules"].get("acting", learned), strict=strict)
        self._first = None
        self._waiting.clear()

    def restore_returns(self, returns_N: torch.Tensor) -> None:
        """Go on with the discounted returns of the episodes under way."""
        self.ask(DDPL.restore_returns, returns_N)

    def save_replay(self, folder: Path, *, task: str, iteration: int) -> None:
        """Have the learner write the replay, so that a gigabyte need not travel."""
        self.ask(DDPL.save_replay, folder, task=task, iteration=iteration)

    def load_replay(self, folder: Path, *, task: str, iteration: int) -> bool:
        """Have the learner restore the replay that belongs to a checkpoint."""
        return self.ask(DDPL.load_replay, folder, task=task, iteration=iteration)


def start_process(cfg: AlgorithmConfig) -> None:
    """Start the process of a learner that will be constructed soon, with what it imports."""
    start_ahead(*_imports(cfg))


def _imports(cfg: AlgorithmConfig) -> tuple[str, ...]:
    """Return the modules that the process of the learner needs."""
    return __name__, *(["torch._inductor.compile_fx"] if cfg.compile != "eager" else [])


# -- what is called where the learner is


def _build_learner(stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> DDPL:
    """Build the learner, and draw in every way that learning will, so that all is compiled before the first rollout."""
    configure(device)
    learner, aside = DDPL(stack, num_envs, cfg, device), torch.Generator(device)
    own = learner.cfg
    num_samples = own.issm.num_candidates + learner.critic.marginal_samples

    def observations(rows: int) -> torch.Tensor:
        return torch.zeros(rows, stack.num_agents, stack.obs_dim, device=device)

    # iterations that are too short for a gradient step save up for one
    together = min(max(learner.critic_updates_due(learner.steps_per_iteration), 1), STEPS_AT_ONCE)
    learner.actor.sample(observations(together * own.replay.batch_size), generator=aside)
    learner.improvement.reference.sample(observations(own.actor_batch_size), num_samples, aside)
    return learner


def _learn(
    learner: DDPL,
    first: tuple[torch.Tensor, torch.Tensor] | None,
    steps_T: Step | None,
    critics_alone: bool,
    env_steps: int,
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Store a rollout and take the gradient steps of an iteration; return metrics and the policy."""
    if first is not None:
        learner.begin(*first)
    for step in zip(*(steps_T or ()), strict=True):
        learner.record(Step(*step))
    metrics = learner.update(env_steps, critics_alone=critics_alone)
    return metrics, _policy(learner)


def _policy(learner: DDPL, averaged: bool = False) -> dict[str, torch.Tensor]:
    """Return a copy of what a joint policy holds."""
    return {name: value.clone() for name, value in learner.get_policy(averaged).state_dict().items()}


def _with(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any], learner: DDPL) -> Any:
    """Call a function of the learner."""
    return function(learner, *args, **kwargs)
