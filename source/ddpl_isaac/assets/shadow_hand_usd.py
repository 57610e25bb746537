# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writes the Shadow Hand's table of figures as USD that PhysX and Newton load alike.

``python -m ddpl_isaac.assets.shadow_hand_usd`` writes ``data/shadow_hand.usda`` anew.

What the two engines need, and why the file is as it is:

* The articulation root is the default prim above the links, and the weld to the world has no first body: both engines
  then agree on a fixed base.
* Links are siblings below the root with their mass, centre of mass and inertia written out; nothing is left to be
  guessed from the colliders.
* Every joint has a drive, of zero gains, whose gains Isaac Lab fills in: PhysX moves no joint without one.
* A joint turns about its local ``X``; the joint's frames are turned to bring it to the axis of the table.
* PhysX reads tendons from its own schemas on the joints, Newton from ``MjcTendon`` and ``MjcActuator`` prims.
"""

from __future__ import annotations

import math
from pathlib import Path

from pxr import Gf, Sdf, Usd, UsdGeom, UsdPhysics, UsdShade

from ddpl_isaac.assets.shadow_hand_figures import (
    JOINT_ARMATURE,
    JOINT_FRICTION,
    LINKS,
    MOTORS,
    TENDONS,
    UNTOUCHED_PAIRS,
    Joint,
    Link,
    Quaternion,
    Tendon,
    Vector,
)
from ddpl_isaac.assets.shadow_hand_shapes import COLORS, SHAPES, Shape

ROOT = Sdf.Path("/shadow_hand")
DATA_FILE = Path(__file__).parent / "data" / "shadow_hand.usda"

RADIAN = math.pi / 180.0
"""One degree [rad]. USD's angular gains are per degree, and PhysX measures tendons over hinges in degrees."""

PHYSX_TENDON_GAIN = 2.0
"""PhysX's stiffness of a tendon over what its joints feel: measured with a load on both, 0.508 N·m/rad of 1.0."""


def write_shadow_hand(path: Path) -> None:
    """Write the hand to ``path``."""
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = UsdGeom.Xform.Define(stage, ROOT).GetPrim()
    stage.SetDefaultPrim(root)
    UsdPhysics.ArticulationRootAPI.Apply(root)
    _write_materials(stage)
    poses: dict[str | None, Gf.Matrix4d] = {None: Gf.Matrix4d(1.0)}
    for link in LINKS:
        poses[link.name] = _matrix(link.position, link.orientation) * poses[link.parent]
        _write_link(stage, link, poses[link.name])
    _write_weld(stage)
    limits = {motor.joint: motor.effort_limit for motor in MOTORS}
    limits |= {joint: tendon.effort_limit for tendon in TENDONS for joint in tendon.joints}
    for link in LINKS:
        if link.joint is not None:
            _write_joint(stage, link, link.joint, limits[link.joint.name])
    for tendon in TENDONS:
        _write_tendon(stage, tendon)
    for first, second in UNTOUCHED_PAIRS:
        pairs = UsdPhysics.FilteredPairsAPI.Apply(stage.GetPrimAtPath(ROOT.AppendChild(first)))
        pairs.CreateFilteredPairsRel().AddTarget(ROOT.AppendChild(second))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stage.GetRootLayer().ExportToString(), encoding="utf-8")


def _quat(orientation: Quaternion) -> Gf.Quatd:
    return Gf.Quatd(orientation[0], Gf.Vec3d(*orientation[1:])).GetNormalized()


def _quatf(orientation: Gf.Quatd) -> Gf.Quatf:
    return Gf.Quatf(orientation)


def _matrix(position: Vector, orientation: Quaternion) -> Gf.Matrix4d:
    return Gf.Matrix4d(Gf.Rotation(_quat(orientation)), Gf.Vec3d(*position))


def _place(prim: UsdGeom.Xformable, position: Gf.Vec3d, orientation: Gf.Quatd, scale: Vector = (1.0, 1.0, 1.0)) -> None:
    """Pose a prim with the three operations that Isaac Lab expects."""
    prim.AddTranslateOp(UsdGeom.XformOp.PrecisionDouble).Set(position)
    prim.AddOrientOp(UsdGeom.XformOp.PrecisionFloat).Set(_quatf(orientation))
    prim.AddScaleOp(UsdGeom.XformOp.PrecisionFloat).Set(Gf.Vec3f(*scale))


def _set(prim: Usd.Prim, name: str, kind: Sdf.ValueTypeName, value: object) -> None:
    """Set an attribute of a schema that plain USD does not know."""
    prim.CreateAttribute(name, kind, custom=False).Set(value)


def _write_materials(stage: Usd.Stage) -> None:
    for name, (color, roughness, metallic) in COLORS.items():
        material = UsdShade.Material.Define(stage, ROOT.AppendPath(f"looks/{name}"))
        shader = UsdShade.Shader.Define(stage, material.GetPath().AppendChild("surface"))
        shader.CreateIdAttr("UsdPreviewSurface")
        shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*color))
        shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(roughness)
        shader.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(metallic)
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")


def _write_link(stage: Usd.Stage, link: Link, pose: Gf.Matrix4d) -> None:
    xform = UsdGeom.Xform.Define(stage, ROOT.AppendChild(link.name))
    _place(xform, pose.ExtractTranslation(), pose.ExtractRotationQuat())
    UsdPhysics.RigidBodyAPI.Apply(xform.GetPrim())
    mass = UsdPhysics.MassAPI.Apply(xform.GetPrim())
    mass.CreateMassAttr(link.mass)
    mass.CreateCenterOfMassAttr(Gf.Vec3f(*link.center_of_mass))
    mass.CreateDiagonalInertiaAttr(Gf.Vec3f(*link.inertia))
    mass.CreatePrincipalAxesAttr(_quatf(_quat(link.inertia_orientation)))
    # The hand is weightless, as Isaac Lab's own: on PhysX the configuration says so, Newton reads it here.
    _set(xform.GetPrim(), "mjc:gravcomp", Sdf.ValueTypeNames.Double, 1.0)
    for index, shape in enumerate(SHAPES[link.name]):
        path = xform.GetPath().AppendChild(f"{shape.kind}_{index}")
        # Newton's viewer hides the colliders of a link that has anything else to show: what collides is written twice.
        if shape.collides:
            collider = _write_shape(stage, path.ReplaceName(f"collider_{index}"), shape)
            collider.CreatePurposeAttr(UsdGeom.Tokens.guide)
            UsdPhysics.CollisionAPI.Apply(collider.GetPrim())
        surface = _write_shape(stage, path, shape)
        surface.CreateDisplayColorAttr([Gf.Vec3f(*COLORS[shape.color][0])])
        material = UsdShade.Material.Get(stage, ROOT.AppendPath(f"looks/{shape.color}"))
        UsdShade.MaterialBindingAPI.Apply(surface.GetPrim()).Bind(material)


def _write_shape(stage: Usd.Stage, path: Sdf.Path, shape: Shape) -> UsdGeom.Gprim:
    scale: Vector = (1.0, 1.0, 1.0)
    if shape.kind == "box":
        geometry = UsdGeom.Cube.Define(stage, path)
        geometry.CreateSizeAttr(2.0)
        scale = shape.size  # type: ignore[assignment]
    elif shape.kind == "sphere":
        geometry = UsdGeom.Sphere.Define(stage, path)
        geometry.CreateRadiusAttr(shape.size[0])
    else:
        schema = UsdGeom.Capsule if shape.kind == "capsule" else UsdGeom.Cylinder
        geometry = schema.Define(stage, path)
        geometry.CreateRadiusAttr(shape.size[0])
        geometry.CreateHeightAttr(shape.size[1])
        geometry.CreateAxisAttr(shape.axis)
    _place(geometry, Gf.Vec3d(*shape.position), _quat(shape.orientation), scale)
    return geometry


def _write_weld(stage: Usd.Stage) -> None:
    weld = UsdPhysics.FixedJoint.Define(stage, ROOT.AppendPath("joints/root_joint"))
    weld.CreateBody1Rel().SetTargets([ROOT.AppendChild(LINKS[0].name)])


def _write_joint(stage: Usd.Stage, link: Link, joint: Joint, effort_limit: float) -> None:
    hinge = UsdPhysics.RevoluteJoint.Define(stage, ROOT.AppendPath(f"joints/{joint.name}"))
    hinge.CreateBody0Rel().SetTargets([ROOT.AppendChild(str(link.parent))])
    hinge.CreateBody1Rel().SetTargets([ROOT.AppendChild(link.name)])
    turn = Gf.Rotation(Gf.Vec3d(1.0, 0.0, 0.0), Gf.Vec3d(*joint.axis)).GetQuat()
    hinge.CreateAxisAttr("X")
    hinge.CreateLocalPos0Attr(Gf.Vec3f(*link.position))
    hinge.CreateLocalRot0Attr(_quatf(_quat(link.orientation) * turn))
    hinge.CreateLocalPos1Attr(Gf.Vec3f(0.0))
    hinge.CreateLocalRot1Attr(_quatf(turn))
    hinge.CreateLowerLimitAttr(math.degrees(joint.lower))
    hinge.CreateUpperLimitAttr(math.degrees(joint.upper))
    prim = hinge.GetPrim()
    drive = UsdPhysics.DriveAPI.Apply(prim, "angular")
    drive.CreateTypeAttr("force")
    drive.CreateStiffnessAttr(0.0)
    drive.CreateDampingAttr(joint.damping * RADIAN)
    drive.CreateMaxForceAttr(effort_limit)
    prim.AddAppliedSchema("PhysxJointAPI")
    _set(prim, "physxJoint:armature", Sdf.ValueTypeNames.Float, JOINT_ARMATURE)
    _set(prim, "physxJoint:jointFriction", Sdf.ValueTypeNames.Float, JOINT_FRICTION)
    _set(prim, "mjc:armature", Sdf.ValueTypeNames.Double, JOINT_ARMATURE)
    _set(prim, "mjc:frictionloss", Sdf.ValueTypeNames.Double, JOINT_FRICTION)


def _write_tendon(stage: Usd.Stage, tendon: Tendon) -> None:
    """Write a tendon as PhysX has it (schemas on its joints) and as MuJoCo has it (prims of its own)."""
    middle, distal = (ROOT.AppendPath(f"joints/{joint}") for joint in tendon.joints)
    prefix = f"physxTendon:{tendon.name}"
    root = stage.GetPrimAtPath(middle)
    root.AddAppliedSchema(f"PhysxTendonAxisRootAPI:{tendon.name}")
    _set(root, f"{prefix}:stiffness", Sdf.ValueTypeNames.Float, PHYSX_TENDON_GAIN * tendon.stiffness)
    _set(root, f"{prefix}:damping", Sdf.ValueTypeNames.Float, 0.0)
    # PhysX applies a joint's share of the pull to its link against the link that carries the whole tendon, so the pull
    # on the distal link alone turns both joints with the same torque.
    for path, share in ((middle, 0.0), (distal, 1.0)):
        prim = stage.GetPrimAtPath(path)
        prim.AddAppliedSchema(f"PhysxTendonAxisAPI:{tendon.name}")
        _set(prim, f"{prefix}:jointAxis", Sdf.ValueTypeNames.TokenArray, ["rotX"])
        _set(prim, f"{prefix}:gearing", Sdf.ValueTypeNames.FloatArray, [RADIAN])
        _set(prim, f"{prefix}:forceCoefficient", Sdf.ValueTypeNames.FloatArray, [share])

    prim = stage.DefinePrim(ROOT.AppendPath(f"tendons/{tendon.name}"), "MjcTendon")
    _set(prim, "mjc:type", Sdf.ValueTypeNames.Token, "fixed")
    prim.CreateRelationship("mjc:path", custom=False).SetTargets([middle, distal])
    _set(prim, "mjc:path:indices", Sdf.ValueTypeNames.IntArray, [0, 1])
    _set(prim, "mjc:path:coef", Sdf.ValueTypeNames.DoubleArray, [1.0, 1.0])

    motor = stage.DefinePrim(ROOT.AppendPath(f"motors/rh_A_{tendon.name[3:]}"), "MjcActuator")
    motor.CreateRelationship("mjc:target", custom=False).SetTargets([prim.GetPath()])
    kp = tendon.stiffness
    _set(motor, "mjc:gainType", Sdf.ValueTypeNames.Token, "fixed")
    _set(motor, "mjc:gainPrm", Sdf.ValueTypeNames.DoubleArray, [kp] + [0.0] * 9)
    _set(motor, "mjc:biasType", Sdf.ValueTypeNames.Token, "affine")
    _set(motor, "mjc:biasPrm", Sdf.ValueTypeNames.DoubleArray, [0.0, -kp] + [0.0] * 8)
    for name, low, high in (
        ("forceRange", -tendon.effort_limit, tendon.effort_limit),
        ("ctrlRange", tendon.lower, tendon.upper),
    ):
        _set(motor, f"mjc:{name}:min", Sdf.ValueTypeNames.Double, low)
        _set(motor, f"mjc:{name}:max", Sdf.ValueTypeNames.Double, high)


if __name__ == "__main__":
    write_shadow_hand(DATA_FILE)
