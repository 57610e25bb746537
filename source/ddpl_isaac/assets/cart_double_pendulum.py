# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A cart on a rail that carries a pole that carries a pendulum: boxes, no meshes, no download.

The figures are those of the public cart-pole of Isaac Lab (cart and pole of 1 kg, pole of 1 m hinged 0.03 m above its
end); the pendulum is a second such pole at the tip of the first. All joints at zero is the upright equilibrium.
``python -m ddpl_isaac.assets.cart_double_pendulum`` writes the file in ``data/`` anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import isaaclab.sim as sim_utils
from isaaclab.actuators import ImplicitActuatorCfg
from isaaclab.assets import ArticulationCfg
from isaaclab_newton.sim.schemas import NewtonArticulationCfg
from isaaclab_physx.sim.schemas import PhysxArticulationCfg, PhysxRigidBodyCfg

if TYPE_CHECKING:
    from pxr import Usd

Vector = tuple[float, float, float]

USD_PATH = Path(__file__).parent / "data" / "cart_double_pendulum.usda"
"""The robot as it is spawned; :func:`write_usd` makes it."""


@dataclass(frozen=True)
class Link:
    """A box and the joint that carries it. The frame of a link is at its joint, parallel to the root frame."""

    name: str
    size: Vector
    """Edges of the box [m]."""
    center: Vector
    """Centre of the box, and of its mass, in the frame of the link [m]."""
    mass: float
    """[kg]"""
    color: Vector
    joint: str = ""
    """Name of the joint to the link before; empty for the first link, which is welded to the world."""
    joint_type: str = ""
    """``Prismatic`` or ``Revolute``."""
    axis: str = ""
    """``X``, ``Y`` or ``Z`` of the frame of the link."""
    origin: Vector = (0.0, 0.0, 0.0)
    """Where the joint sits in the frame of the link before [m]."""
    limit: float | None = None
    """Range of the joint, symmetric about zero [m]; None for no limit."""

    @property
    def inertia(self) -> Vector:
        """Principal moments of the box about its centre [kg m^2]."""
        x, y, z = (edge**2 for edge in self.size)
        return (self.mass / 12 * (y + z), self.mass / 12 * (x + z), self.mass / 12 * (x + y))


LINKS = (
    Link("slider", (0.03, 8.0, 0.03), (0.0, 0.0, 0.0), 1.0, (0.5, 0.5, 0.5)),
    Link(
        "cart", (0.2, 0.25, 0.2), (0.0, 0.0, 0.0), 1.0, (0.2, 0.3, 0.7), "slider_to_cart", "Prismatic", "Y", limit=4.0
    ),
    Link(
        "pole", (0.04, 0.06, 1.0), (0.0, 0.0, 0.47), 1.0, (0.9, 0.6, 0.1), "cart_to_pole", "Revolute", "X", (0.12, 0, 0)
    ),
    Link(
        "pendulum",
        (0.04, 0.06, 1.0),
        (0.0, 0.0, 0.47),
        1.0,
        (0.7, 0.2, 0.2),
        "pole_to_pendulum",
        "Revolute",
        "X",
        (0.04, 0, 0.94),
    ),
)
"""The chain, from the rail up."""


def write_usd(path: Path) -> None:
    """Write the robot with ``pxr``: links as siblings below the articulation root, one drive per joint.

    There are no colliders: the rail is 2 m above the ground and the episode ends before the pole hangs.
    """
    from pxr import Usd, UsdGeom, UsdPhysics

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    UsdPhysics.SetStageKilogramsPerUnit(stage, 1.0)
    root = UsdGeom.Xform.Define(stage, "/cart_double_pendulum").GetPrim()
    stage.SetDefaultPrim(root)
    UsdPhysics.ArticulationRootAPI.Apply(root)

    origin = (0.0, 0.0, 0.0)
    for before, link in zip((None, *LINKS), LINKS, strict=False):
        x, y, z = (a + b for a, b in zip(origin, link.origin, strict=True))
        origin = x, y, z
        _define_link(stage, link, origin)
        if before is None:
            weld = UsdPhysics.FixedJoint.Define(stage, "/cart_double_pendulum/root_joint")
            weld.CreateBody1Rel().SetTargets([f"/cart_double_pendulum/{link.name}"])
        else:
            _define_joint(stage, before, link)
    stage.Save()


def _define_link(stage: Usd.Stage, link: Link, origin: Vector) -> None:
    """Write the rigid body ``link`` with its box at ``origin`` of the root frame."""
    from pxr import Gf, UsdGeom, UsdPhysics

    body = UsdGeom.Xform.Define(stage, f"/cart_double_pendulum/{link.name}")
    body.AddTranslateOp().Set(Gf.Vec3d(*origin))
    UsdPhysics.RigidBodyAPI.Apply(body.GetPrim())
    mass = UsdPhysics.MassAPI.Apply(body.GetPrim())
    mass.CreateMassAttr(link.mass)
    mass.CreateCenterOfMassAttr(Gf.Vec3f(*link.center))
    mass.CreateDiagonalInertiaAttr(Gf.Vec3f(*link.inertia))
    mass.CreatePrincipalAxesAttr(Gf.Quatf(1.0))

    box = UsdGeom.Cube.Define(stage, f"{body.GetPath()}/box")
    box.CreateSizeAttr(1.0)
    box.CreateExtentAttr([Gf.Vec3f(-0.5), Gf.Vec3f(0.5)])
    box.AddTranslateOp().Set(Gf.Vec3d(*link.center))
    box.AddScaleOp().Set(Gf.Vec3f(*link.size))
    box.CreateDisplayColorAttr([Gf.Vec3f(*link.color)])


def _define_joint(stage: Usd.Stage, before: Link, link: Link) -> None:
    """Write the joint between two links. Without a drive PhysX ignores the gains that Isaac Lab writes."""
    from pxr import Gf, UsdPhysics

    joint = getattr(UsdPhysics, f"{link.joint_type}Joint").Define(stage, f"/cart_double_pendulum/{link.joint}")
    joint.CreateBody0Rel().SetTargets([f"/cart_double_pendulum/{before.name}"])
    joint.CreateBody1Rel().SetTargets([f"/cart_double_pendulum/{link.name}"])
    joint.CreateLocalPos0Attr(Gf.Vec3f(*link.origin))
    joint.CreateLocalPos1Attr(Gf.Vec3f(0.0))
    joint.CreateLocalRot0Attr(Gf.Quatf(1.0))
    joint.CreateLocalRot1Attr(Gf.Quatf(1.0))
    joint.CreateAxisAttr(link.axis)
    if link.limit is not None:
        joint.CreateLowerLimitAttr(-link.limit)
        joint.CreateUpperLimitAttr(link.limit)
    drive = UsdPhysics.DriveAPI.Apply(joint.GetPrim(), "linear" if link.joint_type == "Prismatic" else "angular")
    drive.CreateTypeAttr("force")
    drive.CreateStiffnessAttr(0.0)
    drive.CreateDampingAttr(0.0)


CART_DOUBLE_PENDULUM_CFG = ArticulationCfg(
    spawn=sim_utils.UsdFileCfg(
        usd_path=str(USD_PATH),
        rigid_props=PhysxRigidBodyCfg(
            max_linear_velocity=1000.0, max_angular_velocity=1000.0, enable_gyroscopic_forces=True
        ),
        articulation_props=[
            PhysxArticulationCfg(
                enabled_self_collisions=False,
                solver_position_iteration_count=4,
                solver_velocity_iteration_count=0,
                sleep_threshold=0.005,
                stabilization_threshold=0.001,
            ),
            NewtonArticulationCfg(self_collision_enabled=False),
        ],
    ),
    init_state=ArticulationCfg.InitialStateCfg(pos=(0.0, 0.0, 2.0), joint_pos={".*": 0.0}),
    actuators={
        "cart_actuator": ImplicitActuatorCfg(
            joint_names_expr=["slider_to_cart"], joint_effort_limit=400.0, stiffness=0.0, damping=10.0
        ),
        "pole_actuator": ImplicitActuatorCfg(
            joint_names_expr=["cart_to_pole"], joint_effort_limit=400.0, stiffness=0.0, damping=0.0
        ),
        "pendulum_actuator": ImplicitActuatorCfg(
            joint_names_expr=["pole_to_pendulum"],
            joint_effort_limit=400.0,
            stiffness=0.0,
            damping=0.0,
            armature=0.05,
        ),
    },
)
"""Our cart-double-pendulum with the names, gains and limits of Isaac Lab's, the task's armature included [kg m^2]."""


if __name__ == "__main__":
    write_usd(USD_PATH)
