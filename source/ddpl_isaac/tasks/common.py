# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every task shares: a floor and a light that need no asset server, and the device that is there."""

from __future__ import annotations

import torch

import isaaclab.sim as sim_utils
from isaaclab.assets import AssetBaseCfg

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
