# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Builds the learner that the settings name, in a process of its own where that is wanted and of use."""

from __future__ import annotations

import torch
from collections.abc import Callable
from typing import cast

from rsl_rl.utils import resolve_callable

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.learner import Learner
from ddpl_isaac.algorithms.overlap import Overlapped, start_process
from ddpl_isaac.algorithms.replay import check_replay
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.runtime.compilation import start_compiler
from ddpl_isaac.runtime.ranks import is_distributed


def make_learner(stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> Learner:
    """Build the learner.

    Args:
        stack: Layout of the agents, on the device.
        num_envs: Environments N.
        cfg: Settings of the training.
        device: Device of the learner.
    """
    learner_class = Overlapped if _overlaps(cfg, device) else learner_class_of(cfg)
    return cast("Callable[..., Learner]", learner_class)(stack, num_envs, cfg, device)


def learner_class_of(cfg: TrainConfig) -> type[Learner]:
    """Return the class that the settings name."""
    return cast("type[Learner]", resolve_callable(cfg.algorithm.class_name))


def start_ahead(cfg: TrainConfig, device: str) -> None:
    """Start what takes long to start, to be called before a simulator does: the compiler, the learner's process."""
    if _is_ddpl(cfg) and cfg.algorithm.compile != "eager":
        start_compiler(device)
    if _overlaps(cfg, device) and torch.device(device).type == "cpu":
        start_process(cfg.algorithm)


def check_memory(stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> None:
    """Refuse what the device cannot hold, to be called before a simulator starts.

    Raises:
        OutOfMemoryError: If the replay does not fit.
    """
    if _is_ddpl(cfg):
        check_replay(stack, num_envs, cfg.algorithm.replay, device)


def _is_ddpl(cfg: TrainConfig) -> bool:
    return issubclass(learner_class_of(cfg), DDPL)


def _overlaps(cfg: TrainConfig, device: str) -> bool:
    """Tell whether learning beside the environments is wanted and of use: several ranks have processes enough."""
    own = cfg.algorithm
    wanted = own.overlap_learning if torch.device(device).type == "cpu" else own.overlap_on_gpu
    return wanted and learner_class_of(cfg) is DDPL and not is_distributed()
