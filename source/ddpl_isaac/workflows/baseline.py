# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Training MAPPO and IPPO, which is training with another learner."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.config import PPOConfig
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.workflows.train import train

_BASELINE = "ddpl_isaac.baselines.skrl_ppo:SkrlPPO"


def train_baseline(command: CommandLine) -> None:
    """Train MAPPO or IPPO of skrl where DDPL trains: same environments, budget, sizes of networks, logs and evaluation.

    Raises:
        ConfigError: If skrl is not installed or the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
    """
    if importlib.util.find_spec("skrl") is None:
        raise ConfigError(
            "The baselines need skrl, which is not installed; the extra 'baselines' brings it:"
            " uv sync --inexact --extra baselines, or pip install -e '.[baselines]'."
        )
    field = "agent.ppo.algorithm="
    chosen = [
        command.args.algorithm,
        *(token.removeprefix(field) for token in command.agent if token.startswith(field)),
    ]
    if not any(chosen) and not command.args.checkpoint:  # else that of the run
        chosen = [PPOConfig().algorithm]
    algorithms = list(filter(None, chosen))
    run_name = command.args.run_name or (algorithms[0].lower() if algorithms else None)
    fixed = f"agent.algorithm.class_name={_BASELINE}", "agent.save_replay=false"
    agent = (*(f"{field}{algorithm}" for algorithm in reversed(algorithms)), *fixed, *command.agent)
    train(replace(command, args=command.args.but(run_name=run_name), agent=agent))
