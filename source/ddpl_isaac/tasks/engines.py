# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How the engines are set up for tasks in which things touch."""

from __future__ import annotations

from typing import cast

import isaaclab.sim as sim_utils
from isaaclab.physics import PhysicsCfg, PhysxAutoCfg
from isaaclab.sim import SimulationCfg
from isaaclab.sim.spawners.materials import RigidBodyMaterialBaseCfg
from isaaclab.utils import configclass
from isaaclab.visualizers import VisualizerCfg
from isaaclab_newton.physics import MJWarpSolverCfg, NewtonCfg
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.physics import PhysxCfg
from isaaclab_physx.sim.schemas import PhysxRigidBodyCfg
from isaaclab_tasks.utils import PresetCfg

from ddpl_isaac.tasks.common import default_device

Vector = tuple[float, float, float]

OBJECT_PROPS = [
    sim_utils.UsdPhysicsRigidBodyCfg(kinematic_enabled=False),
    PhysxRigidBodyCfg(
        disable_gravity=False,
        enable_gyroscopic_forces=True,
        solver_position_iteration_count=8,
        solver_velocity_iteration_count=0,
        sleep_threshold=0.005,
        stabilization_threshold=0.0025,
        max_depenetration_velocity=1000.0,
    ),
]
"""How the engines treat what is carried or thrown."""


_GPU_BUFFER = 2**23
"""Contacts and contact patches that thousands of hands have at once; PhysX drops those that find no room."""


@configclass
class ContactPhysicsCfg(PresetCfg):
    """Engines, by ``physics=<name>``. The default is PhysX: Isaac Sim's where that is running, else ``ovphysx``."""

    isaacsim_physx = PhysxCfg(
        bounce_threshold_velocity=0.2, gpu_max_rigid_contact_count=_GPU_BUFFER, gpu_max_rigid_patch_count=_GPU_BUFFER
    )
    ovphysx = OvPhysxCfg(gpu_max_rigid_contact_count=_GPU_BUFFER, gpu_max_rigid_patch_count=_GPU_BUFFER)
    physx = PhysxAutoCfg(isaacsim_physx=isaacsim_physx, ovphysx=ovphysx)
    newton_mjwarp = NewtonCfg(
        solver_cfg=MJWarpSolverCfg(
            solver="newton",
            integrator="implicitfast",
            njmax=200,
            nconmax=70,
            impratio=10.0,
            cone="elliptic",
            update_data_interval=4,
            ccd_iterations=50,
        ),
        num_substeps=4,
        debug_mode=False,
    )
    default = physx


def contact_simulation(decimation: int, eye: Vector, lookat: Vector) -> SimulationCfg:
    """Return the settings of a simulation in which things touch: 120 physics steps per second, friction 1.

    Args:
        decimation: Physics steps per decision; a picture can be taken after each decision.
        eye: Where the camera is [m].
        lookat: What it looks at [m].
    """
    return SimulationCfg(
        device=default_device(),
        dt=1 / 120,
        render_interval=decimation,
        physics_material=RigidBodyMaterialBaseCfg(static_friction=1.0, dynamic_friction=1.0),
        physics=cast(PhysicsCfg, ContactPhysicsCfg()),  # a set of presets, of which one is chosen
        default_visualizer_cfg=VisualizerCfg(eye=eye, lookat=lookat, focal_length=35.0),
    )
