# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The files of arm, tray and pot, and the figures of the arm, by hand."""

import math
import numpy as np
from pathlib import Path

import pytest
from pxr import Sdf, Usd, UsdGeom, UsdPhysics

from ddpl_isaac.assets.arm import ARM_CFG, ARM_FILE, CRADLE_POSITION, DEFAULT_JOINTS
from ddpl_isaac.assets.arm_figures import CRADLE, FLANGE, HINGES, JOINT_NAMES
from ddpl_isaac.assets.bodies import box_inertia, cylinder_inertia
from ddpl_isaac.assets.files import FILES
from ddpl_isaac.assets.shadow_hand_usd import SLIDING_FILE, SLIDING_HAND, write_shadow_hand
from ddpl_isaac.assets.usd import save


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_shipped_files_are_those_that_the_code_writes(path: Path, tmp_path: Path):
    save(FILES[path](), tmp_path / path.name)
    assert (tmp_path / path.name).read_text() == path.read_text(), "run python -m ddpl_isaac.assets.files"


def test_the_shipped_sliding_hand_is_the_one_that_the_code_writes(tmp_path: Path):
    write_shadow_hand(tmp_path / "hand.usda", SLIDING_HAND)
    shipped = SLIDING_FILE.read_text()
    assert (tmp_path / "hand.usda").read_text() == shipped, "run python -m ddpl_isaac.assets.shadow_hand_usd"
    stage = Usd.Stage.Open(str(SLIDING_FILE))
    slide = UsdPhysics.PrismaticJoint(stage.GetPrimAtPath("/shadow_hand/joints/rh_SLJ2"))
    assert slide.GetUpperLimitAttr().Get() == 0.25  # metres, not degrees
    assert UsdPhysics.DriveAPI(slide.GetPrim(), "linear").GetDampingAttr().Get() == 150.0


def test_the_moments_of_a_cylinder_and_a_box_are_those_of_the_textbook():
    # 2 kg: 2 (3 0.1^2 + 0.3^2) / 12 across, 2 0.1^2 / 2 along; edges 0.2, 0.4, 0.6: 2 / 12 (0.4^2 + 0.6^2) ...
    assert cylinder_inertia(2.0, 0.1, 0.3, "X") == pytest.approx((0.01, 0.02, 0.02), rel=1e-5)
    assert box_inertia(2.0, (0.1, 0.2, 0.3)) == pytest.approx((0.0866667, 0.0666667, 0.0333333), rel=1e-5)


def step(a: float, d: float, alpha: float, theta: float) -> np.ndarray:
    """Craig's transform from one frame of the arm to the next, written out."""
    ca, sa, ct, st = math.cos(alpha), math.sin(alpha), math.cos(theta), math.sin(theta)
    return np.array([[ct, -st, 0, a], [st * ca, ct * ca, -sa, -d * sa], [st * sa, ct * sa, ca, d * ca], [0, 0, 0, 1]])


def test_upright_the_flange_hangs_down_in_front_of_the_arm():
    stage = Usd.Stage.Open(str(ARM_FILE))
    pose = UsdGeom.Xformable(stage.GetPrimAtPath("/arm/link7")).ComputeLocalToWorldTransform(Usd.TimeCode.Default())
    flange = pose.Transform((0.0, 0.0, FLANGE))
    # 0.333 + 0.316 + 0.384 up, 0.107 down; the elbow's offsets cancel, the wrist's stays
    assert list(flange) == pytest.approx([0.088, 0.0, 0.926], abs=1e-6)


def test_in_the_default_pose_the_cradle_is_where_it_is_said_to_be_and_open_at_the_top():
    pose = np.eye(4)
    for hinge, angle in zip(HINGES, DEFAULT_JOINTS.values(), strict=True):
        pose = pose @ step(hinge.a, hinge.d, hinge.alpha * math.pi / 2.0, angle)
    assert (pose @ [0.0, 0.0, CRADLE, 1.0])[:3] == pytest.approx(CRADLE_POSITION, abs=1e-5)
    assert pose[:3, 0] == pytest.approx([0.0, 0.0, 1.0], abs=1e-5)
    assert pose[:3, 2] == pytest.approx([1.0, 0.0, 0.0], abs=1e-5)


def test_joints_of_the_file_have_the_table_s_limits_and_drives_for_isaac_lab_to_fill():
    stage = Usd.Stage.Open(str(ARM_FILE))
    joints = {
        prim.GetName(): UsdPhysics.RevoluteJoint(prim) for prim in stage.GetPrimAtPath("/arm/joints").GetChildren()
    }
    assert set(joints) == {"root_joint", *JOINT_NAMES}
    for name, hinge in zip(JOINT_NAMES, HINGES, strict=True):
        assert math.radians(joints[name].GetLowerLimitAttr().Get()) == pytest.approx(hinge.lower)
        assert math.radians(joints[name].GetUpperLimitAttr().Get()) == pytest.approx(hinge.upper)
        assert UsdPhysics.DriveAPI(joints[name].GetPrim(), "angular").GetMaxForceAttr().Get() == hinge.effort
        assert hinge.lower <= DEFAULT_JOINTS[name] <= hinge.upper
    assert Sdf.Layer.FindOrOpen(ARM_CFG.spawn.usd_path)
