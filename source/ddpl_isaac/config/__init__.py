# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The settings of a training: one schema with defaults, meanings and what each field accepts."""

from ddpl_isaac.config.learner import (
    ActorConfig,
    AlgorithmConfig,
    CriticConfig,
    IssmConfig,
    ReplayConfig,
    SamplerConfig,
)
from ddpl_isaac.config.schema import from_dict
from ddpl_isaac.config.train import PPOConfig, TrainConfig

__all__ = [
    "ActorConfig",
    "AlgorithmConfig",
    "CriticConfig",
    "IssmConfig",
    "PPOConfig",
    "ReplayConfig",
    "SamplerConfig",
    "TrainConfig",
    "from_dict",
]
