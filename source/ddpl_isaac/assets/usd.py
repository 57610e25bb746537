# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writes tables of links, joints and shapes as USD that PhysX and Newton load alike.

What the two engines need, and why the files are as they are:

* The articulation root is the default prim above the links, and the weld to the world has no first body: both engines
  then agree on a fixed base.
* Links are siblings below the root with their mass, centre of mass and inertia written out; nothing is left to be
  guessed from the colliders.
* Every joint has a drive, of zero gains, whose gains Isaac Lab fills in: PhysX moves no joint without one.
* A joint turns about its local ``X`` or slides along it; the joint's frames are turned to bring it to the axis of the
  table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from pxr import Gf, Sdf, Usd, UsdGeom, UsdPhysics, UsdShade

from ddpl_isaac.assets.bodies import Joint, Link, Material, Quaternion, Robot, Shape, Thing, Vector

RADIAN = math.pi / 180.0
"""One degree [rad]. USD's angular gains are per degree, and PhysX measures tendons over hinges in degrees."""


def make_robot(robot: Robot) -> Usd.Stage:
    """Return a stage with the robot alone."""
    stage, root = _make_stage(robot.name, robot.materials)
    UsdPhysics.ArticulationRootAPI.Apply(stage.GetDefaultPrim())
    poses: dict[str | None, Gf.Matrix4d] = {None: Gf.Matrix4d(1.0)}
    for link in robot.links:
        poses[link.name] = _matrix(link.position, link.orientation) * poses[link.parent]
        pose, path = poses[link.name], root.AppendChild(link.name)
        xform = UsdGeom.Xform.Define(stage, path)
        _place(xform, pose.ExtractTranslation(), pose.ExtractRotationQuat())
        _fill_link(stage, xform, link, robot.shapes.get(link.name, ()), robot.materials)
        # Robots are weightless, as Isaac Lab's own: on PhysX the configuration says so, Newton reads it here.
        set_attribute(xform.GetPrim(), "mjc:gravcomp", Sdf.ValueTypeNames.Double, 1.0)
    weld = UsdPhysics.FixedJoint.Define(stage, root.AppendPath("joints/root_joint"))
    weld.CreateBody1Rel().SetTargets([root.AppendChild(robot.links[0].name)])
    for link in robot.links:
        if link.joint is not None:
            _write_joint(stage, root, link, link.joint, robot)
    for first, second in robot.untouched_pairs:
        pairs = UsdPhysics.FilteredPairsAPI.Apply(stage.GetPrimAtPath(root.AppendChild(first)))
        pairs.CreateFilteredPairsRel().AddTarget(root.AppendChild(second))
    return stage


def make_thing(thing: Thing) -> Usd.Stage:
    """Return a stage with one free rigid body alone."""
    stage, root = _make_stage(thing.link.name, thing.materials)
    _fill_link(stage, UsdGeom.Xform.Get(stage, root), thing.link, thing.shapes, thing.materials)
    return stage


def save(stage: Usd.Stage, path: Path) -> None:
    """Write a stage as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stage.GetRootLayer().ExportToString(), encoding="utf-8")


def _make_stage(name: str, materials: Mapping[str, Material]) -> tuple[Usd.Stage, Sdf.Path]:
    """Return an empty stage with materials, and the path of its default prim."""
    stage = Usd.Stage.CreateInMemory()
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.z)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = Sdf.Path.absoluteRootPath.AppendChild(name)
    stage.SetDefaultPrim(UsdGeom.Xform.Define(stage, root).GetPrim())
    _write_materials(stage, root, materials)
    return stage, root


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


def set_attribute(prim: Usd.Prim, name: str, kind: Sdf.ValueTypeName, value: object) -> None:
    """Set an attribute of a schema that plain USD does not know."""
    prim.CreateAttribute(name, kind, custom=False).Set(value)


def _write_materials(stage: Usd.Stage, root: Sdf.Path, materials: Mapping[str, Material]) -> None:
    for name, (color, roughness, metallic) in materials.items():
        material = UsdShade.Material.Define(stage, root.AppendPath(f"looks/{name}"))
        shader = UsdShade.Shader.Define(stage, material.GetPath().AppendChild("surface"))
        shader.CreateIdAttr("UsdPreviewSurface")
        shader.CreateInput("diffuseColor", Sdf.ValueTypeNames.Color3f).Set(Gf.Vec3f(*color))
        shader.CreateInput("roughness", Sdf.ValueTypeNames.Float).Set(roughness)
        shader.CreateInput("metallic", Sdf.ValueTypeNames.Float).Set(metallic)
        material.CreateSurfaceOutput().ConnectToSource(shader.ConnectableAPI(), "surface")


def _fill_link(
    stage: Usd.Stage, xform: UsdGeom.Xform, link: Link, shapes: Sequence[Shape], materials: Mapping[str, Material]
) -> None:
    """Make a rigid body of a prim."""
    looks = stage.GetDefaultPrim().GetPath().AppendChild("looks")
    UsdPhysics.RigidBodyAPI.Apply(xform.GetPrim())
    mass = UsdPhysics.MassAPI.Apply(xform.GetPrim())
    mass.CreateMassAttr(link.mass)
    mass.CreateCenterOfMassAttr(Gf.Vec3f(*link.center_of_mass))
    mass.CreateDiagonalInertiaAttr(Gf.Vec3f(*link.inertia))
    mass.CreatePrincipalAxesAttr(_quatf(_quat(link.inertia_orientation)))
    for index, shape in enumerate(shapes):
        path = xform.GetPath().AppendChild(f"{shape.kind}_{index}")
        # Newton's viewer hides the colliders of a link that has anything else to show: what collides is written twice.
        if shape.collides:
            collider = _write_shape(stage, path.ReplaceName(f"collider_{index}"), shape)
            collider.CreatePurposeAttr(UsdGeom.Tokens.guide)
            UsdPhysics.CollisionAPI.Apply(collider.GetPrim())
        if not shape.seen:
            continue
        surface = _write_shape(stage, path, shape)
        surface.CreateDisplayColorAttr([Gf.Vec3f(*materials[shape.color][0])])
        material = UsdShade.Material.Get(stage, looks.AppendChild(shape.color))
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


def _write_joint(stage: Usd.Stage, root: Sdf.Path, link: Link, joint: Joint, robot: Robot) -> None:
    schema = UsdPhysics.PrismaticJoint if joint.slides else UsdPhysics.RevoluteJoint
    degrees = 1.0 if joint.slides else RADIAN  # USD's angles are in degrees
    one = schema.Define(stage, root.AppendPath(f"joints/{joint.name}"))
    one.CreateBody0Rel().SetTargets([root.AppendChild(str(link.parent))])
    one.CreateBody1Rel().SetTargets([root.AppendChild(link.name)])
    turn = Gf.Rotation(Gf.Vec3d(1.0, 0.0, 0.0), Gf.Vec3d(*joint.axis)).GetQuat()
    one.CreateAxisAttr("X")
    one.CreateLocalPos0Attr(Gf.Vec3f(*link.position))
    one.CreateLocalRot0Attr(_quatf(_quat(link.orientation) * turn))
    one.CreateLocalPos1Attr(Gf.Vec3f(0.0))
    one.CreateLocalRot1Attr(_quatf(turn))
    one.CreateLowerLimitAttr(joint.lower if joint.slides else math.degrees(joint.lower))
    one.CreateUpperLimitAttr(joint.upper if joint.slides else math.degrees(joint.upper))
    prim = one.GetPrim()
    drive = UsdPhysics.DriveAPI.Apply(prim, "linear" if joint.slides else "angular")
    drive.CreateTypeAttr("force")
    drive.CreateStiffnessAttr(0.0)
    drive.CreateDampingAttr(joint.damping * degrees)
    drive.CreateMaxForceAttr(robot.effort_limits[joint.name])
    prim.AddAppliedSchema("PhysxJointAPI")
    armature, friction = robot.armature[joint.name], robot.friction[joint.name]
    set_attribute(prim, "physxJoint:armature", Sdf.ValueTypeNames.Float, armature)
    set_attribute(prim, "physxJoint:jointFriction", Sdf.ValueTypeNames.Float, friction)
    set_attribute(prim, "mjc:armature", Sdf.ValueTypeNames.Double, armature)
    set_attribute(prim, "mjc:frictionloss", Sdf.ValueTypeNames.Double, friction)
