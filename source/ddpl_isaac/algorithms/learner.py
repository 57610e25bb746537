# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every learner does with the steps that it is given.

Shapes: N environments, A agents, O observation, S state, D action.
"""

from __future__ import annotations

import torch
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from tensordict import TensorDict
from torch import nn
from typing import Any, NamedTuple

from ddpl_isaac.algorithms.soundness import check_finite, check_half_precision, constant_columns, normalizer_parts
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.policy import JointPolicy


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


class Learner(ABC):
    """Records steps and improves the policy that acts.

    A subclass is constructed with the layout of the agents, the number of environments, the
    :class:`~ddpl_isaac.config.TrainConfig` and the device.
    """

    obs_normalizer: nn.Module
    """Normaliser of the stacked observations; the identity if the settings want none."""

    state_normalizer: nn.Module
    """Normaliser of the states."""

    averages = True
    """Whether there is an averaged (EMA) policy beside the latest one."""

    has_replay = True
    """Whether observations are kept in a replay."""

    warms_up = True
    """Whether the first actions of a training are uniform."""

    saved_as: str
    """Name of what :meth:`save` gives: learners of the same name can load each other's."""

    stack: AgentStack
    """Layout of the agents."""

    cfg: AlgorithmConfig
    """The learner's configuration."""

    policy: JointPolicy
    """What acts."""

    @classmethod
    @abstractmethod
    def shaped_by(cls, cfg: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the settings without which the networks of a checkpoint cannot be loaded.

        Args:
            cfg: The whole training configuration as a dictionary.
        """

    # -- what a learner does

    @abstractmethod
    def begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Learn of new episodes in all environments."""

    def act(self, obs: TensorDict) -> torch.Tensor:
        """Draw an action in ``[-1, 1]`` for every agent. Shape: (N, A, D)."""
        return self.policy.actions(obs)

    @abstractmethod
    def record(self, step: Step) -> None:
        """Learn of a step."""

    @abstractmethod
    def update(self, env_steps: int, *, critics_alone: bool = False) -> dict[str, torch.Tensor]:
        """Take the gradient steps of an iteration.

        Args:
            env_steps: Environment steps of the run so far.
            critics_alone: Whether the actors stay as they are.

        Returns:
            Metrics as tensors on the device. Shape of each: ().
        """

    @property
    def learning_rate(self) -> float:
        """Learning rate of the actors."""
        return self.cfg.actor.learning_rate

    def get_policy(self, averaged: bool = False) -> JointPolicy:
        """Return the current joint policy, or the averaged (EMA) one where there is one."""
        del averaged
        return self.policy

    # -- whether it is sound

    def check(self, env_steps: int) -> None:
        """Refuse to go on if a number of the learner is not finite. Waits for the device.

        Raises:
            DivergenceError: If one is not; names it.
        """
        check_finite(self.parts(), env_steps)

    def parts(self) -> dict[str, torch.Tensor]:
        """Return what must be finite, by what the user calls it; what can spoil others comes first."""
        return normalizer_parts(self.stack, self._normalizers())

    def look_at_columns(self) -> str | None:
        """Return a sentence on columns that tell the learner nothing.

        Raises:
            UserError: If a replay of half precision cannot hold what the policies see.
        """
        if self.has_replay and self.cfg.replay.half_precision:
            check_half_precision(self.stack, self._normalizers())
        return constant_columns(self.stack, self._normalizers())

    def _normalizers(self) -> dict[str, Any]:
        return {"observations": self.obs_normalizer, "state": self.state_normalizer}

    # -- how it is kept

    @abstractmethod
    def train_mode(self) -> None:
        """Let the normalisers learn."""

    @abstractmethod
    def eval_mode(self) -> None:
        """Freeze the normalisers."""

    @abstractmethod
    def save(self) -> dict[str, Any]:
        """Return everything but the replay, as tensors and plain containers."""

    @abstractmethod
    def load(self, state: dict[str, Any], *, strict: bool = True) -> None:
        """Restore what :meth:`save` gave; new episodes begin."""

    def restore_returns(self, returns_N: torch.Tensor) -> None:
        """Go on with the discounted returns of the episodes under way, where there are any."""
        del returns_N

    def save_replay(self, folder: Path, *, task: str, iteration: int) -> None:
        """Write the replay, if there is one, beside the checkpoint of an iteration.

        Raises:
            CheckpointError: If it cannot be written.
        """
        del folder, task, iteration

    def load_replay(self, folder: Path, *, task: str, iteration: int) -> bool:
        """Restore the replay that belongs to a checkpoint, and return whether there is one."""
        del folder, task, iteration
        return False

    def broadcast_parameters(self, env_steps: int) -> None:
        """Send the parameters of rank 0 to all ranks, and let each draw random numbers of its own."""
        raise NotImplementedError


def make_optimizer(parameters: Iterable[nn.Parameter], learning_rate: float) -> torch.optim.Optimizer:
    """Return Adam as one kernel, which keeps its counter on the device, as a CUDA graph needs it."""
    return torch.optim.Adam(parameters, learning_rate, fused=True, capturable=True)


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Have an optimiser go on from saved moments, by its own settings: the saved ones are those of another run."""
    own = [{name: value for name, value in group.items() if name != "params"} for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, settings in zip(optimizer.param_groups, own, strict=True):
        group.update(settings)
