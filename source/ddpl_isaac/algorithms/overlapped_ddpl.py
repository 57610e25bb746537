# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""DDPL whose gradient steps are taken while the environments step.

Shapes: T steps, N environments, A agents, O observation, S state.
"""

from __future__ import annotations

import copy
import torch
from collections.abc import Callable
from functools import partial
from tensordict import TensorDict
from typing import Any, ClassVar

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.learner_process import LearnerProcess
from ddpl_isaac.algorithms.rollouts import Rollouts, Step
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.make_actor import make_actor
from ddpl_isaac.models.normalizer import make_normalizer
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.compilation import wait_for_compiler
from ddpl_isaac.runtime.configure import configure
from ddpl_isaac.runtime.ranks import is_distributed


class OverlappedDDPL(Rollouts):
    """Acts here and learns in a second process, one iteration behind.

    The environments of an iteration are played by the policies that were there when the iteration began, while the
    learner works on all that was seen before it. The learner's random numbers are its own, so a run repeats bit for bit
    whichever side is faster. A thread would not do: both sides spend most of their time in calls that keep the
    interpreter to themselves.
    """

    _spare: ClassVar[list[LearnerProcess]] = []
    """Processes that :meth:`prepare` started."""

    def __init__(self, stack: AgentStack, num_envs: int, cfg: AlgorithmConfig, device: str) -> None:
        """Create the policy that acts, and the learner in its process.

        Raises:
            UserError: If the learner's settings are wrong.
            OutOfMemoryError: If the replay does not fit.
        """
        self._learner = self._spare.pop() if self._spare else LearnerProcess(*_imports(cfg))
        wait_for_compiler()  # what it has found out spares the learner's process the question
        self._learner.build(partial(_build_learner, stack, num_envs, cfg, device))
        normalizer = make_normalizer((stack.num_agents, stack.obs_dim), cfg, device)
        actor = make_actor(stack.obs_dim, stack.action_mask, cfg, device).to(device).requires_grad_(False)
        policy = JointPolicy(stack, normalizer, actor).eval()
        super().__init__(stack, num_envs, policy, cfg, device)
        self._first: tuple[torch.Tensor, torch.Tensor] | None = None
        self._waiting: list[Step] = []
        self._learning = False
        self._learned: tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]] | None = None
        with torch.inference_mode():  # compiles what will be needed while the learner does
            actor.sample(torch.zeros(num_envs, stack.num_agents, stack.obs_dim), generator=torch.Generator())
        self._learner.result()
        self.policy.load_state_dict(self._learner.call(_policy))

    @classmethod
    def prepare(cls, cfg: AlgorithmConfig, device: str) -> None:
        """Start the compiler, and the process of the learner with what it imports, if there will be one."""
        DDPL.prepare(cfg, device)
        if _overlaps(cfg.overlap_learning, device):
            cls._spare.append(LearnerProcess(*_imports(cfg)))

    @classmethod
    def check_memory(cls, stack: AgentStack, num_envs: int, cfg: AlgorithmConfig, device: str) -> None:
        """Refuse a replay that the device cannot hold."""
        DDPL.check_memory(stack, num_envs, cfg, device)

    @classmethod
    def construct_algorithm(cls, obs: TensorDict, env: MultiAgentVecEnv, cfg: dict, device: str) -> Rollouts:
        """Build the learner for an environment, overlapping if that is wanted and of use; called by the runner."""
        overlaps = _overlaps(cfg["algorithm"]["overlap_learning"], device)
        construct = super().construct_algorithm if overlaps else DDPL.construct_algorithm
        return construct(obs, env, cfg, device)

    def _begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Keep the first observations until the learner is idle."""
        self._first = obs_NAO, state_NS

    def _record(self, step: Step) -> None:
        """Keep a step until the learner is idle."""
        self._waiting.append(step)

    def update(self) -> dict[str, torch.Tensor]:
        """Start the gradient steps of this iteration.

        Returns:
            Metrics of the iteration before; none at first. Shape of each: ().

        Raises:
            Exception: Whatever the gradient steps of the iteration before raised.
        """
        self.finish()
        metrics = {}
        if self._learned is not None:
            metrics, policy = self._learned
            self.policy.load_state_dict(policy)
        steps = Step(*(torch.stack(field) for field in zip(*self._waiting, strict=True))) if self._waiting else None
        self._learner.submit(_learn, self._first, steps, self.warming_up, self.env_steps)
        self._first, self._learning = None, True
        self._waiting.clear()
        return metrics

    def finish(self) -> None:
        """Wait for the gradient steps under way."""
        if self._learning:
            self._learning = False
            self._learned = self._learner.result()

    def check_learner(self) -> None:
        """Leave it to the learner, which looks after its gradient steps."""

    def apply(self, function: Callable[[DDPL], Any]) -> Any:
        """Return what a picklable function of the learner returns, called where the learner lives."""
        self.finish()
        return self._learner.call(function)

    def _set_returns(self, returns_N: torch.Tensor) -> None:
        self.apply(partial(_restore_returns, returns_N=returns_N))

    def get_policy(self, averaged: bool = False) -> JointPolicy:
        """Return the policy that acts, or a copy of the averaged (EMA) joint policy."""
        if not averaged:
            return self.policy
        policy = copy.deepcopy(self.policy)
        policy.load_state_dict(self.apply(partial(_policy, averaged=True)))
        return policy

    def train_mode(self) -> None:
        """Let the normalisers learn."""
        self.apply(DDPL.train_mode)

    def eval_mode(self) -> None:
        """Freeze the normalisers."""
        self.apply(DDPL.eval_mode)

    def save(self) -> dict:
        """Everything but the replay, with the gradient steps under way."""
        state = self.apply(DDPL.save)
        state["counters"]["env_steps"] = self.env_steps
        state["modules"]["acting"] = self.policy.state_dict()
        state["metrics"] = {} if self._learned is None else self._learned[0]
        return state

    def load(self, state: dict, load_cfg: dict | None = None, strict: bool = True) -> bool:
        """Restore what :meth:`save` gave, or a learner's that did not overlap: its policies act at first."""
        self.apply(partial(DDPL.load, state=state, load_cfg=load_cfg, strict=strict))
        learned = self.apply(_policy)
        self._learned = state.get("metrics", {}), learned
        self.policy.load_state_dict(state["modules"].get("acting", learned), strict=strict)
        self._first = None
        self._waiting.clear()
        self._resume_at(state["counters"]["env_steps"])
        return True


def _overlaps(wanted: bool, device: str) -> bool:
    """Tell whether learning in a process of its own is of use.

    On a GPU it is not: the environments and the learner share the device anyway. Several ranks have processes enough.
    """
    return wanted and torch.device(device).type == "cpu" and not is_distributed()


def _imports(cfg: AlgorithmConfig) -> tuple[str, ...]:
    """Return the modules that the process of the learner needs."""
    return __name__, *(["torch._inductor.compile_fx"] if cfg.compile != "eager" else [])


# -- what the process of the learner calls


def _build_learner(stack: AgentStack, num_envs: int, cfg: AlgorithmConfig, device: str) -> DDPL:
    """Build the learner, and draw in every way that learning will, so that all is compiled before the first rollout."""
    configure(device)
    learner, aside = DDPL(stack, num_envs, cfg, device), torch.Generator(device)
    num_samples = cfg.issm.num_candidates + learner.critic.marginal_samples

    def observations(rows: int) -> torch.Tensor:
        return torch.zeros(rows, stack.num_agents, stack.obs_dim, device=device)

    learner.actor.sample(observations(cfg.critic_updates * cfg.replay.batch_size), generator=aside)
    learner.improvement.reference.sample(observations(cfg.actor_batch_size), num_samples, aside)
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
        learner._begin(*first)
    for step in zip(*(steps_T or ()), strict=True):
        learner._record(Step(*step))
    learner.env_steps = env_steps  # of whoever acts
    metrics = learner.learn(critics_alone=critics_alone)
    learner.check_learner()
    return metrics, _policy(learner)


def _policy(learner: DDPL, averaged: bool = False) -> dict[str, torch.Tensor]:
    """Return what a joint policy holds."""
    return learner.get_policy(averaged).state_dict()


def _restore_returns(learner: DDPL, returns_N: torch.Tensor) -> None:
    learner._set_returns(returns_N)
