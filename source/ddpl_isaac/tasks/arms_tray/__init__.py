# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two arms carry a tray with a ball on it to a goal."""

from ddpl_isaac.tasks.registration import register_task

register_task(
    "DDPL-Arms-Tray",
    "arms_tray",
    f"{__name__}.tray_env:TrayEnv",
    f"{__name__}.tray_env_cfg:ArmsTrayEnvCfg",
    scripted=f"{__name__}.scripted:carry",
)
