# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The side of a learner that the environments see.

Shapes: N environments, A agents, O observation, S state, D action.
"""

from __future__ import annotations

import logging
import torch
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.agents import STATE
from ddpl_isaac.algorithms.exploration import Exploration
from ddpl_isaac.algorithms.learner import Step
from ddpl_isaac.algorithms.make_learner import make_learner
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.envs.guard import HALF_PRECISION_MAX, NonFiniteGuard
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs, wants_graphs
from ddpl_isaac.runtime.ranks import num_ranks

logger = logging.getLogger(__name__)


class Rollouts:
    """Has the learner's policy act, mends what broke, and passes every step on to the learner.

    This is what rsl_rl's runner takes for the algorithm.
    """

    def __init__(self, env: MultiAgentVecEnv, cfg: TrainConfig, device: str) -> None:
        """Build the learner of the settings for an environment, and begin without a step.

        Args:
            env: The environment.
            cfg: Settings of the training.
            device: Device of the learner.
        """
        self.stack, self.num_envs = AgentStack(env.agents, env.state_dim).to(device), env.num_envs
        self.cfg, self.device = cfg.algorithm, device
        self.learner = make_learner(self.stack, env.num_envs, cfg, device)
        self.env_steps = 0
        self.last_checkpoint: str | None = None
        self._graphs = CudaGraphs(wants_graphs(self.cfg.compile, device))
        halved = self.learner.has_replay and self.cfg.replay.half_precision
        self.guard = NonFiniteGuard(
            [*self.stack.names, *([STATE] if self.stack.has_state else [])],
            env.num_envs,
            device,
            max_share=cfg.max_broken_share,
            max_magnitude=min(cfg.max_magnitude, HALF_PRECISION_MAX if halved else cfg.max_magnitude),
            restart=env.restart,
            captures=self._graphs.active,
        )
        self._began = self._looked_at_columns = False
        self.num_steps = cfg.num_steps_per_env
        self.exploration: Exploration | None = None

    def measure_exploration(self) -> None:
        """Measure from now on how much is explored: it costs time, so only for a run whose scalars are written."""
        active = self._graphs.active
        self.exploration = Exploration(self.stack, self.num_envs, self.num_steps, self.device, active)

    @classmethod
    def construct_algorithm(cls, obs: TensorDict, env: MultiAgentVecEnv, cfg: dict, device: str) -> Rollouts:
        """Return the rollouts of an environment; called by rsl_rl's runner.

        Args:
            obs: Observations of the environment.
            env: The environment.
            cfg: A dictionary whose ``algorithm`` holds the :class:`~ddpl_isaac.config.TrainConfig` as ``settings``.
            device: Device of the learner.
        """
        del obs
        return cls(env, cfg["algorithm"]["settings"], device)

    @property
    def learning_rate(self) -> float:
        """Learning rate of the actors."""
        return self.learner.learning_rate

    @property
    def warming_up(self) -> bool:
        """Whether actions are still uniform."""
        return self.learner.warms_up and self._steps_per_env < self.cfg.warmup_steps_per_env

    @property
    def _steps_per_env(self) -> int:
        """Steps of each environment so far."""
        return self.env_steps // (self.num_envs * num_ranks())

    def act(self, obs: TensorDict) -> torch.Tensor:
        """Draw the joint action of the current policies, uniform during warm-up. Shape: (N, num_actions)."""
        if not self._began:
            self.guard.begin(obs)
            self.learner.begin(self.stack.observations(obs), self.stack.state(obs))
            self._began = True
        self._actions = self._draw_actions(obs)
        return self.stack.joint_action(self._actions)

    def _draw_actions(self, obs: TensorDict) -> torch.Tensor:
        """Draw an action in ``[-1, 1]`` for every agent. Shape: (N, A, D)."""
        if self.warming_up:
            shape = (self.num_envs, *self.stack.action_mask.shape)
            return (torch.rand(shape, device=self.device) * 2.0 - 1.0) * self.stack.action_mask
        return self.learner.act(obs)

    def process_env_step(
        self, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> None:
        """Pass on a step with the true successors of finished episodes; what is not finite is mended in place."""
        broken = self.guard.mend(self._actions, obs, rewards, dones, extras)
        if self.exploration is not None:
            self.exploration.record(self._actions, extras.get("points", {}), broken)
        entries = [seen[name] for seen in (obs, extras["final_obs"]) for name in self.guard.names]
        stacked = self._graphs.keep(self._stacked, *entries)
        self.learner.record(Step(self._actions, rewards, dones.bool(), extras["time_outs"].bool(), *stacked))
        self.env_steps += self.num_envs * num_ranks()

    def _stacked(self, *entries: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Stack all entries to act on next and all last ones: observations and states of these, then of those."""
        num, stacked = len(self.guard.names), ()
        for part in (entries[:num], entries[num:]):
            seen = dict(zip(self.guard.names, part, strict=True))
            stacked += self.stack.observations(seen), self.stack.state(seen)
        return stacked

    def compute_returns(self, obs: TensorDict) -> None:
        """Look at what the rollout brought before anything is learned from it.

        There are no returns to compute: the learner is off-policy and bootstraps when it samples.

        Raises:
            NonFiniteError: If too many environments returned a number that is not finite or huge.
            DivergenceError: If the learner has a number that is not finite.
            UserError: If a replay of half precision cannot hold what the policies see.
        """
        del obs
        self.learner.check(self.env_steps)
        self.guard.check(self.last_checkpoint)
        if not self._looked_at_columns and self._steps_per_env >= self.cfg.warmup_steps_per_env:
            self._looked_at_columns = True
            sentence = self.learner.look_at_columns()
            if sentence:
                logger.warning(sentence)

    def update(self) -> dict[str, torch.Tensor]:
        """Take the gradient steps of one iteration; during warm-up only those of the critics.

        Returns:
            Metrics as tensors on the device. Shape of each: ().
        """
        metrics = self.learner.update(self.env_steps, critics_alone=self.warming_up)
        return metrics if self.exploration is None else metrics | self.exploration.metrics()

    # -- what the runner asks for

    def get_policy(self, averaged: bool = False) -> JointPolicy:
        """Return the current or the averaged (EMA) joint policy."""
        return self.learner.get_policy(averaged)

    def train_mode(self) -> None:
        """Let the normalisers learn."""
        self.learner.train_mode()

    def eval_mode(self) -> None:
        """Freeze the normalisers."""
        self.learner.eval_mode()

    def broadcast_parameters(self) -> None:
        """Send the parameters of rank 0 to all ranks, and let each draw random numbers of its own."""
        self.learner.broadcast_parameters(self.env_steps)

    def save(self) -> dict[str, Any]:
        """Return everything but the replay, as tensors and plain containers."""
        state = self.learner.save()
        explored = {} if self.exploration is None else {"exploration": self.exploration.state_dict()}
        return {**state, **explored, "counters": {"env_steps": self.env_steps, **state["counters"]}}

    def load(self, state: dict[str, Any], load_cfg: dict | None = None, strict: bool = True) -> bool:
        """Restore what :meth:`save` gave. New episodes begin, unless :meth:`continue_episodes` follows."""
        del load_cfg
        self.learner.load(state, strict=strict)
        self.env_steps, self._began = state["counters"]["env_steps"], False
        if self.exploration is not None:
            self.exploration.load_state_dict(state.get("exploration", {}))
        self.guard.steps = self._steps_per_env
        return True

    def continue_episodes(self, obs: TensorDict, state: dict) -> None:
        """Go on in the middle of the episodes, where environments and replay have been restored as well.

        Args:
            obs: Observations of the environments.
            state: What was saved.
        """
        self._began = True
        self.guard.begin(obs)
        self.learner.restore_returns(state["tensors"]["returns"])
