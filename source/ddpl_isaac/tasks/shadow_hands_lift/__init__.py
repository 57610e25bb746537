# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two Shadow Hands, each on a slide, lift a pot by its handles and keep it level."""

from ddpl_isaac.tasks.registration import register_task

register_task(
    "DDPL-Shadow-Hands-Lift",
    "hands",
    f"{__name__}.lift_env:LiftEnv",
    f"{__name__}.lift_env_cfg:ShadowHandsLiftEnvCfg",
    scripted=f"{__name__}.scripted:lift",
)
