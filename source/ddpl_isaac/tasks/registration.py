# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Registration of the manipulation tasks with gymnasium."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import gymnasium as gym

from ddpl_isaac.names import experiment_of
from ddpl_isaac.tasks.skrl_settings import skrl_settings

from . import agents

if TYPE_CHECKING:
    from .agents.rsl_rl_ppo_cfg import ManipulationPPORunnerCfg


def register_task(task: str, settings: str, env: str, env_cfg: str, scripted: str | None = None) -> None:
    """Register a task with the settings of every learner; only DDPL's are its own.

    Args:
        task: Id.
        settings: Name of its file in ``config/task/``, which may be that of other tasks too.
        env: Class of the environment, ``module:class``.
        env_cfg: Class of its settings, ``module:class``.
        scripted: A policy to compare with, ``module:function``: from the observations of all agents to their actions.
    """
    directory = experiment_of(task)
    mappo, ippo = (skrl_settings(agents, f"skrl_{kind}_cfg.yaml", directory) for kind in ("mappo", "ippo"))
    gym.register(
        id=task,
        entry_point=env,
        disable_env_checker=True,
        kwargs={
            "env_cfg_entry_point": env_cfg,
            "ddpl_cfg_entry_point": f"ddpl_isaac.configs:task/{settings}.yaml",
            "rsl_rl_cfg_entry_point": _ppo_settings(directory),
            "skrl_cfg_entry_point": mappo,
            "skrl_mappo_cfg_entry_point": mappo,
            "skrl_ippo_cfg_entry_point": ippo,
            "default_agent": "skrl",
            **({"scripted_policy_entry_point": scripted} if scripted else {}),
        },
    )


def _ppo_settings(experiment: str) -> Callable[[], ManipulationPPORunnerCfg]:
    """Return an entry point for Isaac Lab's registry: PPO of rsl_rl, with runs in a directory of their own."""

    def load() -> ManipulationPPORunnerCfg:
        from .agents.rsl_rl_ppo_cfg import ManipulationPPORunnerCfg  # needs rsl_rl, which not every command does

        return ManipulationPPORunnerCfg(experiment_name=experiment)

    return load
