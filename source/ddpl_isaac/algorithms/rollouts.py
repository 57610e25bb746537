# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The side of a learner that the environments see.

Shapes: N environments, A agents, O observation, S state, D action.
"""

from __future__ import annotations

import logging
import torch
from collections.abc import Mapping
from tensordict import TensorDict
from typing import Any, NamedTuple

from ddpl_isaac.algorithms.soundness import check_finite, check_half_precision, constant_columns, normalizer_parts
from ddpl_isaac.config import AlgorithmConfig, from_dict
from ddpl_isaac.envs.guard import HALF_PRECISION_MAX, NonFiniteGuard
from ddpl_isaac.envs.identity import STATE
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.ranks import num_ranks

logger = logging.getLogger(__name__)


class Step(NamedTuple):
    """What a step of all environments leaves to learn from; the arguments of ``ReplayStorage.add``."""

    action: torch.Tensor
    """Actions taken, in ``[-1, 1]``. Shape: (N, A, D)."""

    reward: torch.Tensor
    """Team rewards. Shape: (N,)."""

    done: torch.Tensor
    """Episodes that ended. Shape: (N,), bool."""

    time_out: torch.Tensor
    """Those of them that a limit cut. Shape: (N,), bool."""

    obs: torch.Tensor
    """Observations to act on next. Shape: (N, A, O)."""

    state: torch.Tensor
    """States to act in next. Shape: (N, S)."""

    final_obs: torch.Tensor
    """True successors of finished episodes. Shape: (N, A, O)."""

    final_state: torch.Tensor
    """True successor states of finished episodes. Shape: (N, S)."""


class Rollouts:
    """Acts, mends what broke, and passes every step on to what learns from it."""

    averages = True
    """Whether there is an averaged (EMA) policy beside the latest one."""

    has_replay = True
    """Whether observations are kept in a replay."""

    saved_as = "DDPL"
    """Name of what :meth:`save` gives: learners of the same name can load each other's."""

    @classmethod
    def shaped_by(cls, cfg: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the settings without which the networks of a checkpoint cannot be loaded.

        Args:
            cfg: The whole training configuration as a dictionary.
        """
        actor = "policy_class", "actor.hidden_dims", "actor.observation_dims"
        if cfg["algorithm"]["policy_class"] == "diffusion":
            actor += "actor.time_features", "actor.action_features"
        critic = "critic.kind", "critic.hidden_dims", "critic.action_features"
        return tuple(f"algorithm.{path}" for path in (*actor, *critic, "normalize_obs"))

    def __init__(
        self, stack: AgentStack, num_envs: int, policy: JointPolicy, cfg: AlgorithmConfig, device: str
    ) -> None:
        """Begin without a step.

        Args:
            stack: Layout of the agents, on the device.
            num_envs: Environments N.
            policy: What acts.
            cfg: The learner's configuration.
            device: Device of the environments and the policy.
        """
        self.stack, self.num_envs, self.policy, self.cfg, self.device = stack, num_envs, policy, cfg, device
        self.env_steps = 0
        self.last_checkpoint: str | None = None
        names = [*stack.names, *([STATE] if stack.has_state else [])]
        self.guard = NonFiniteGuard(names, num_envs, device)
        self._began = self._looked_at_columns = False

    @classmethod
    def prepare(cls, cfg: AlgorithmConfig, device: str) -> None:
        """Start what takes long to start, to be called before a simulator does; here nothing."""
        del cfg, device

    @classmethod
    def check_memory(cls, stack: AgentStack, num_envs: int, cfg: AlgorithmConfig, device: str) -> None:
        """Refuse what the device cannot hold, to be called before a simulator starts; here nothing is large."""
        del stack, num_envs, cfg, device

    @classmethod
    def construct_algorithm(cls, obs: TensorDict, env: MultiAgentVecEnv, cfg: dict, device: str) -> Rollouts:
        """Build the learner for an environment; called by the runner.

        Args:
            obs: Observations of the environment.
            env: The environment.
            cfg: The whole training configuration as a dictionary.
            device: Device of the learner.
        """
        del obs
        algorithm_cfg = from_dict(AlgorithmConfig, cfg["algorithm"])
        learner = cls(AgentStack(env.agents, env.state_dim), env.num_envs, algorithm_cfg, device)
        learner.watch(env, cfg)
        return learner

    def watch(self, env: MultiAgentVecEnv, cfg: dict) -> None:
        """Let the guard do what the training configuration asks for."""
        self.guard.restart, self.guard.max_share = env.restart, cfg["max_broken_share"]
        halved = self.has_replay and self.cfg.replay.half_precision
        self.guard.max_magnitude = min(cfg["max_magnitude"], HALF_PRECISION_MAX if halved else cfg["max_magnitude"])

    @property
    def learning_rate(self) -> float:
        """Learning rate of the actors."""
        return self.cfg.actor.learning_rate

    @property
    def warming_up(self) -> bool:
        """Whether actions are still uniform."""
        return self.env_steps < self.cfg.warmup_steps

    def act(self, obs: TensorDict) -> torch.Tensor:
        """Draw the joint action of the current policies, uniform during warm-up. Shape: (N, num_actions)."""
        if not self._began:
            self.guard.begin(obs)
            self._begin(self.stack.observations(obs), self.stack.state(obs))
            self._began = True
        self._actions = self._draw_actions(obs)
        return self.stack.joint_action(self._actions)

    def _draw_actions(self, obs: TensorDict) -> torch.Tensor:
        """Draw an action in ``[-1, 1]`` for every agent. Shape: (N, A, D)."""
        if self.warming_up:
            shape = (self.num_envs, *self.stack.action_mask.shape)
            return (torch.rand(shape, device=self.device) * 2.0 - 1.0) * self.stack.action_mask
        return self.policy.actions(obs)

    def process_env_step(
        self, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> None:
        """Pass on a step with the true successors of finished episodes; what is not finite is mended in place."""
        self.guard.mend(self._actions, obs, rewards, dones, extras)
        final = extras.get("final_obs", obs)
        seen = self.stack.observations(obs), self.stack.state(obs)
        last = self.stack.observations(final), self.stack.state(final)
        self._record(Step(self._actions, rewards, dones.bool(), extras["time_outs"].bool(), *seen, *last))
        self.env_steps += self.num_envs * num_ranks()

    def compute_returns(self, obs: TensorDict) -> None:
        """Look at what the rollout brought before anything is learned from it.

        There are no returns to compute: the learner is off-policy and bootstraps when it samples.

        Raises:
            NonFiniteError: If too many environments returned a number that is not finite or huge.
            DivergenceError: If the learner has a number that is not finite.
            UserError: If a replay of half precision cannot hold what the policies see.
        """
        del obs
        self.check_learner()
        self.guard.check(self.last_checkpoint)
        if not self._looked_at_columns and self.env_steps >= self.cfg.warmup_steps:
            self._looked_at_columns = True
            sentence = self.apply(look_at_columns)
            if sentence:
                logger.warning(sentence)

    def check_learner(self) -> None:
        """Refuse to go on if a number of the learner is not finite. Waits for the device."""
        check_finite(self.parts(), self.env_steps)

    def parts(self) -> dict[str, torch.Tensor]:
        """Return what must be finite, by what the user calls it; what can spoil others comes first."""
        normalizers = {"observations": self.obs_normalizer, "state": self.state_normalizer}
        return normalizer_parts(self.stack, normalizers)

    def continue_episodes(self, obs: TensorDict, state: dict) -> None:
        """Go on in the middle of the episodes, where environments and replay have been restored as well.

        Args:
            obs: Observations of the environments.
            state: What was saved.
        """
        self._began = True
        self.guard.begin(obs)
        self._set_returns(state["tensors"]["returns"])

    def _resume_at(self, env_steps: int) -> None:
        """Count on from there; new episodes begin."""
        self.env_steps, self._began = env_steps, False
        self.guard.steps = env_steps // (self.num_envs * num_ranks())

    def _begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Learn of new episodes in all environments."""
        raise NotImplementedError

    def _record(self, step: Step) -> None:
        """Learn of a step."""
        raise NotImplementedError

    def _set_returns(self, returns_N: torch.Tensor) -> None:
        """Restore the discounted returns of the episodes under way."""
        raise NotImplementedError


def check_learner_of(learner: Any) -> None:
    """Refuse to go on with a learner that is not finite; called where the learner lives."""
    learner.check_learner()


def look_at_columns(learner: Any) -> str | None:
    """Return a sentence on columns of a learner that tell nothing; refuse those that its replay cannot hold."""
    normalizers = {"observations": learner.obs_normalizer, "state": learner.state_normalizer}
    if learner.has_replay and learner.cfg.replay.half_precision:
        check_half_precision(learner.stack, normalizers)
    return constant_columns(learner.stack, normalizers)
