# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands lie side by side: one throws a block, the other one catches it as it is wanted."""

from ddpl_isaac.tasks.registration import register_task

register_task(
    "DDPL-Shadow-Hands-CatchAbreast",
    "hands",
    "ddpl_isaac.tasks.hands.block_env:BlockEnv",
    f"{__name__}.abreast_env_cfg:ShadowHandsCatchAbreastEnvCfg",
)
