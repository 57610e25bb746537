# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands throw a ball and catch it: to and fro, or once, to hold it."""

import gymnasium as gym

from ddpl_isaac.tasks.hands import agents
from ddpl_isaac.tasks.skrl_settings import skrl_settings

for task, name, prefix in (
    ("DDPL-Shadow-Hands", "shadow_hands", "ShadowHands"),
    ("DDPL-Shadow-Hands-Catch", "shadow_hands_catch", "ShadowHandsCatch"),
):
    mappo, ippo = (skrl_settings(agents, f"skrl_{kind}_cfg.yaml", f"ddpl_{name}") for kind in ("mappo", "ippo"))
    gym.register(
        id=task,
        entry_point=f"{__name__}.shadow_hands_env:ShadowHandsEnv",
        disable_env_checker=True,
        kwargs={
            "env_cfg_entry_point": f"{__name__}.shadow_hands_env_cfg:{prefix}EnvCfg",
            "ddpl_cfg_entry_point": f"ddpl_isaac.configs:task/{name}.yaml",
            "rsl_rl_cfg_entry_point": f"{agents.__name__}.rsl_rl_ppo_cfg:{prefix}PPORunnerCfg",
            "skrl_cfg_entry_point": mappo,
            "skrl_mappo_cfg_entry_point": mappo,
            "skrl_ippo_cfg_entry_point": ippo,
            "default_agent": "skrl",
        },
    )
