# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two agents, a cart and a motor between two poles, keep a double pendulum upright: learns in minutes."""

import gymnasium as gym

from . import agents

gym.register(
    id="DDPL-Cart-Pendulum",
    entry_point=f"{__name__}.cart_pendulum_env:CartPendulumEnv",
    disable_env_checker=True,
    kwargs={
        "env_cfg_entry_point": f"{__name__}.cart_pendulum_env_cfg:CartPendulumEnvCfg",
        "ddpl_cfg_entry_point": "ddpl_isaac.configs:task/cart_pendulum.yaml",
        "rsl_rl_cfg_entry_point": f"{agents.__name__}.rsl_rl_ppo_cfg:CartPendulumPPORunnerCfg",
        "skrl_cfg_entry_point": f"{agents.__name__}:skrl_mappo_cfg.yaml",
        "skrl_mappo_cfg_entry_point": f"{agents.__name__}:skrl_mappo_cfg.yaml",
        "skrl_ippo_cfg_entry_point": f"{agents.__name__}:skrl_ippo_cfg.yaml",
        "default_agent": "skrl",
    },
)
