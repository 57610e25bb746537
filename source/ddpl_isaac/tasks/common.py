# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every task shares: a floor and a light that need no asset server, the device, a check of files."""

from __future__ import annotations

import torch
import urllib.request
from pathlib import Path

import isaaclab.sim as sim_utils
from isaaclab.assets import AssetBaseCfg

from ddpl_isaac.errors import AssetError

GROUND_CFG = AssetBaseCfg(
    prim_path="/World/ground",
    collision_group=-1,
    spawn=sim_utils.CuboidCfg(
        size=(100.0, 100.0, 0.1),
        collision_props=sim_utils.UsdPhysicsCollisionCfg(),
        physics_material=sim_utils.RigidBodyMaterialCfg(),
        visual_material=sim_utils.PreviewSurfaceCfg(diffuse_color=(0.35, 0.37, 0.4), roughness=0.9),
    ),
    init_state=AssetBaseCfg.InitialStateCfg(pos=(0.0, 0.0, -0.05)),
)
"""A static floor at height 0. Isaac Lab's own ground plane is a download."""

LIGHT_CFG = AssetBaseCfg(
    prim_path="/World/Light", spawn=sim_utils.DomeLightCfg(intensity=2000.0, color=(0.75, 0.75, 0.75))
)
"""An even sky."""


def default_device() -> str:
    """Return the first GPU, or the CPU where there is none."""
    return "cuda:0" if torch.cuda.is_available() else "cpu"


def require_asset(path: str, timeout: float = 5.0) -> None:
    """Fail at once if a file is out of reach; Isaac Lab would wait for the better part of a minute first.

    Args:
        path: File, or web address of one. Addresses of other kinds pass unchecked.
        timeout: Time that the server has to answer [s].

    Raises:
        AssetError: If the file is not there or the server does not answer.
    """
    if "://" not in path:
        reason = None if Path(path).is_file() else "there is no such file"
    elif path.startswith(("http://", "https://")):
        try:
            urllib.request.urlopen(urllib.request.Request(path, method="HEAD"), timeout=timeout).close()
            reason = None
        except (OSError, ValueError) as error:
            reason = str(error)
    else:
        reason = None
    if reason is not None:
        raise AssetError(
            f"The asset '{path}' is out of reach: {reason}. Leave out presets=nucleus to use the hand that comes with"
            " this package, or let ISAACSIM_ASSET_ROOT name a folder that holds a copy of NVIDIA's assets."
        )
