# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The hand that is loaded, file and configuration, against the figures of the reference. No simulator."""

import json
import math
import numpy as np
import re
from pathlib import Path

import pytest
from pxr import Gf, Usd, UsdGeom, UsdPhysics

from ddpl_isaac.assets.shadow_hand import (
    FINGERTIP_NAMES,
    JOINT_NAMES,
    SHADOW_HAND_CFG,
    TENDON_NAMES,
    TENDON_POSITION_LIMITS,
)
from ddpl_isaac.assets.shadow_hand_usd import write_shadow_hand

REFERENCE = json.loads((Path(__file__).parent / "shadow_hand_reference.json").read_text(encoding="utf-8"))
LINKS, JOINTS, MOTORS, TENDONS = (REFERENCE[key] for key in ("links", "joints", "motors", "tendons"))

HAND_FRAME = Gf.Quatd(*LINKS["rh_forearm"]["orientation"])
"""The reference turns its forearm; ours carries the root frame. Their origins agree."""


@pytest.fixture(scope="module")
def stage() -> Usd.Stage:
    return Usd.Stage.Open(SHADOW_HAND_CFG.spawn.usd_path)


def find(stage: Usd.Stage, name: str) -> Usd.Prim:
    (prim,) = [prim for prim in stage.Traverse() if prim.GetName() == name and prim.GetTypeName() in TYPES]
    return prim


TYPES = ("Xform", "PhysicsRevoluteJoint")


def pose(prim: Usd.Prim) -> Gf.Matrix4d:
    return UsdGeom.Xformable(prim).ComputeLocalToWorldTransform(Usd.TimeCode.Default())


def rotation(orientation) -> np.ndarray:
    """The matrix that a quaternion stands for, for column vectors."""
    return np.array(Gf.Matrix3d(Gf.Quatd(orientation))).T


def of_joint(values, name: str) -> float:
    """What an actuator's setting says about one joint."""
    if isinstance(values, dict):
        (values,) = [value for pattern, value in values.items() if re.fullmatch(pattern, name)]
    return values


def actuator_of(name: str):
    (actuator,) = [
        actuator
        for actuator in SHADOW_HAND_CFG.actuators.values()
        if any(re.fullmatch(pattern, name) for pattern in actuator.joint_names_expr)
    ]
    return actuator


def test_the_file_is_what_the_table_writes(tmp_path):
    write_shadow_hand(tmp_path / "hand.usda")
    shipped = Path(SHADOW_HAND_CFG.spawn.usd_path)
    assert (tmp_path / "hand.usda").read_text() == shipped.read_text(), (
        "run python -m ddpl_isaac.assets.shadow_hand_usd"
    )


def test_the_file_needs_no_other_file(stage):
    assert [layer for layer in stage.GetUsedLayers() if not layer.anonymous] == [stage.GetRootLayer()]
    assert not [prim for prim in stage.Traverse() if prim.GetTypeName() == "Mesh"]


def test_links_and_joints_have_the_names_of_the_reference(stage):
    bodies = [prim.GetName() for prim in stage.Traverse() if prim.HasAPI(UsdPhysics.RigidBodyAPI)]
    hinges = [prim.GetName() for prim in stage.Traverse() if prim.IsA(UsdPhysics.RevoluteJoint)]
    assert sorted(bodies) == sorted(LINKS)
    assert sorted(hinges) == sorted(JOINTS)
    assert len(hinges) == 24


@pytest.mark.parametrize("name", LINKS)
def test_link_has_the_place_mass_and_inertia_of_the_reference(stage, name):
    link, expected = find(stage, name), LINKS[name]
    mass = UsdPhysics.MassAPI(link)
    at = pose(link)
    assert mass.GetMassAttr().Get() == pytest.approx(expected["mass"], rel=1e-5)
    assert list(at.ExtractTranslation()) == pytest.approx(expected["position"], abs=1e-6)
    turn = Gf.Quatd(*expected["orientation"])
    if name == "rh_forearm":
        turn = turn * HAND_FRAME.GetInverse()
    assert rotation(at.ExtractRotationQuat()) == pytest.approx(rotation(turn), abs=2e-6)
    center = at.Transform(Gf.Vec3d(mass.GetCenterOfMassAttr().Get()))
    assert list(center) == pytest.approx(expected["center_of_mass"], abs=1e-6)
    axes = rotation(at.ExtractRotationQuat()) @ rotation(mass.GetPrincipalAxesAttr().Get())
    inertia = axes @ np.diag(mass.GetDiagonalInertiaAttr().Get()) @ axes.T
    assert inertia.ravel() == pytest.approx(expected["inertia"], rel=1e-4, abs=1e-5 * max(expected["inertia"]))


@pytest.mark.parametrize("name", JOINTS)
def test_joint_has_the_axis_and_range_of_the_reference(stage, name):
    prim, expected = find(stage, name), JOINTS[name]
    hinge = UsdPhysics.RevoluteJoint(prim)
    (child,), (parent,) = hinge.GetBody1Rel().GetTargets(), hinge.GetBody0Rel().GetTargets()
    assert (child.name, parent.name) == (expected["link"], LINKS[expected["link"]]["parent"])
    frames = []
    for body, position, turn in (
        (child, hinge.GetLocalPos1Attr().Get(), hinge.GetLocalRot1Attr().Get()),
        (parent, hinge.GetLocalPos0Attr().Get(), hinge.GetLocalRot0Attr().Get()),
    ):
        at = pose(stage.GetPrimAtPath(body))
        assert list(at.Transform(Gf.Vec3d(position))) == pytest.approx(expected["anchor"], abs=1e-6)
        frames.append(rotation(at.ExtractRotationQuat()) @ rotation(turn))
    assert hinge.GetAxisAttr().Get() == "X"
    assert frames[0][:, 0] == pytest.approx(expected["axis"], abs=2e-6)
    assert frames[0] == pytest.approx(frames[1], abs=2e-6), "the joint would not be at zero in the pose of the file"
    limits = [math.radians(hinge.GetLowerLimitAttr().Get()), math.radians(hinge.GetUpperLimitAttr().Get())]
    assert limits == pytest.approx(expected["range"], abs=1e-5)


@pytest.mark.parametrize("name", JOINTS)
def test_joint_has_the_drive_damping_armature_and_friction_of_the_reference(stage, name):
    prim, expected, actuator = find(stage, name), JOINTS[name], actuator_of(name)
    drive = UsdPhysics.DriveAPI(prim, "angular")
    assert prim.HasAPI(UsdPhysics.DriveAPI, "angular")
    assert drive.GetTypeAttr().Get() == "force"
    assert drive.GetStiffnessAttr().Get() == 0.0
    assert math.degrees(drive.GetDampingAttr().Get()) == pytest.approx(expected["damping"], rel=1e-5)
    assert of_joint(actuator.damping, name) == expected["damping"]
    assert actuator.armature == expected["armature"]
    assert actuator.friction == expected["frictionloss"]


@pytest.mark.parametrize("name", [name for name in MOTORS if name in JOINTS])
def test_motor_has_the_gain_and_force_limit_of_the_reference(stage, name):
    actuator, expected = actuator_of(name), MOTORS[name]
    assert name in JOINT_NAMES
    assert of_joint(actuator.stiffness, name) == expected["kp"]
    assert of_joint(actuator.joint_effort_limit, name) == expected["force"]
    assert UsdPhysics.DriveAPI(find(stage, name), "angular").GetMaxForceAttr().Get() == expected["force"]
    assert expected["command"] == JOINTS[name]["range"]


@pytest.mark.parametrize("name", TENDONS)
def test_tendon_has_the_joints_gain_and_limits_of_the_reference(stage, name):
    expected, root = MOTORS[name], stage.GetDefaultPrim().GetPath()
    tendon = stage.GetPrimAtPath(root.AppendPath(f"tendons/{name}"))
    motor = stage.GetPrimAtPath(root.AppendPath(f"motors/rh_A_{name[3:]}"))
    joints = [path.name for path in tendon.GetRelationship("mjc:path").GetTargets()]
    assert dict(zip(joints, tendon.GetAttribute("mjc:path:coef").Get(), strict=True)) == TENDONS[name]
    assert motor.GetRelationship("mjc:target").GetTargets() == [tendon.GetPath()]
    assert motor.GetAttribute("mjc:gainPrm").Get()[0] == expected["kp"]
    assert list(motor.GetAttribute("mjc:biasPrm").Get()[:3]) == [0.0, -expected["kp"], 0.0]
    assert motor.GetAttribute("mjc:forceRange:max").Get() == expected["force"]
    assert [motor.GetAttribute(f"mjc:ctrlRange:{end}").Get() for end in ("min", "max")] == expected["command"]
    assert list(TENDON_POSITION_LIMITS) == expected["command"]
    for joint in joints:
        schemas = find(stage, joint).GetMetadata("apiSchemas").GetAddedOrExplicitItems()
        assert f"PhysxTendonAxisAPI:{name}" in schemas
        assert of_joint(actuator_of(joint).stiffness, joint) == 0.0
        assert of_joint(actuator_of(joint).joint_effort_limit, joint) == expected["force"]


def test_motors_tendons_and_fingertips_are_those_of_isaac_labs_own_hand():
    from isaaclab_assets.robots import shadow_hand as stock

    assert sorted(JOINT_NAMES) == sorted(stock.JOINT_NAMES)
    assert sorted(TENDON_NAMES) == sorted(stock.TENDON_NAMES)
    assert sorted(FINGERTIP_NAMES) == sorted(stock.FINGERTIP_NAMES)
    assert TENDON_POSITION_LIMITS == stock.TENDON_POSITION_LIMITS


def test_links_that_touch_have_colliders_and_links_that_show_have_color(stage):
    for name in LINKS:
        shapes = list(Usd.PrimRange(find(stage, name)))[1:]
        guides = {shape for shape in shapes if UsdGeom.Imageable(shape).ComputePurpose() == UsdGeom.Tokens.guide}
        assert {shape for shape in shapes if shape.HasAPI(UsdPhysics.CollisionAPI)} == guides
        assert set(shapes) - guides, f"{name} shows nothing"
        # a knuckle lies within the finger's first capsule
        assert guides or name.endswith("knuckle")
