# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands pass a ball to each other, again and again."""

import gymnasium as gym

from . import agents

gym.register(
    id="DDPL-Shadow-Hands",
    entry_point=f"{__name__}.shadow_hands_env:ShadowHandsEnv",
    disable_env_checker=True,
    kwargs={
        "env_cfg_entry_point": f"{__name__}.shadow_hands_env_cfg:ShadowHandsEnvCfg",
        "ddpl_cfg_entry_point": "ddpl_isaac.configs:task/shadow_hands.yaml",
        "rsl_rl_cfg_entry_point": f"{agents.__name__}.rsl_rl_ppo_cfg:ShadowHandsPPORunnerCfg",
        "skrl_cfg_entry_point": f"{agents.__name__}:skrl_mappo_cfg.yaml",
        "skrl_mappo_cfg_entry_point": f"{agents.__name__}:skrl_mappo_cfg.yaml",
        "skrl_ippo_cfg_entry_point": f"{agents.__name__}:skrl_ippo_cfg.yaml",
        "default_agent": "skrl",
    },
)
