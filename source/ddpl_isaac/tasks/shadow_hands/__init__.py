# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands throw a ball and catch it: to and fro, or once, to hold it."""

from ddpl_isaac.tasks.registration import register_task

ENV = f"{__name__}.shadow_hands_env:ShadowHandsEnv"
CFG = f"{__name__}.shadow_hands_env_cfg"

register_task("DDPL-Shadow-Hands", "hands", ENV, f"{CFG}:ShadowHandsEnvCfg")
register_task("DDPL-Shadow-Hands-Catch", "hands", ENV, f"{CFG}:ShadowHandsCatchEnvCfg")
