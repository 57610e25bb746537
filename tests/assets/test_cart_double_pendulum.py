# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The cart-double-pendulum: the file, and what it does when it is pushed."""

import json
import subprocess
import sys
import torch
from pathlib import Path

import pytest

from ddpl_isaac.assets.cart_double_pendulum import CART_DOUBLE_PENDULUM_CFG, LINKS, USD_PATH, write_usd

CART_DAMPING, PENDULUM_ARMATURE = 10.0, 0.05


def upright_mass_matrix() -> torch.Tensor:
    """Mass matrix of the textbook cart with two poles, upright, for (cart, pole, pendulum against pole).

    With heights h of the centres above their own hinge, H of the second hinge above the first, and positive angles
    turning the tips against the cart's direction: T = m_c v^2/2 + m_1 (v - h w1)^2/2 + I w1^2/2 + ...
    """
    cart, pole, pendulum = (1.0, 1.0, 1.0)
    h, hinge, inertia = 0.47, 0.94, (0.06**2 + 1.0**2) / 12
    far = hinge + h
    return torch.tensor(
        [
            [cart + pole + pendulum, -(pole * h + pendulum * far), -pendulum * h],
            [-(pole * h + pendulum * far), pole * h**2 + pendulum * far**2 + 2 * inertia, pendulum * far * h + inertia],
            [-pendulum * h, pendulum * far * h + inertia, pendulum * h**2 + inertia + PENDULUM_ARMATURE],
        ]
    )


def test_the_shipped_file_is_the_one_that_the_code_writes(tmp_path: Path):
    from pxr import Sdf

    write_usd(tmp_path / "robot.usda")
    written, shipped = (Sdf.Layer.FindOrOpen(str(path)) for path in (tmp_path / "robot.usda", USD_PATH))
    assert written.ExportToString() == shipped.ExportToString()


def test_joints_and_gains_are_those_of_the_stock_robot():
    from isaaclab_assets.robots.cart_double_pendulum import CART_DOUBLE_PENDULUM_CFG as STOCK_CFG

    assert {link.joint for link in LINKS if link.joint} == set(STOCK_CFG.init_state.joint_pos)
    assert CART_DOUBLE_PENDULUM_CFG.init_state.pos == STOCK_CFG.init_state.pos
    for name, stock in STOCK_CFG.actuators.items():
        ours = CART_DOUBLE_PENDULUM_CFG.actuators[name]
        for field in ("joint_names_expr", "joint_effort_limit", "stiffness", "damping"):
            assert getattr(ours, field) == getattr(stock, field), (name, field)


@pytest.mark.parametrize("engine", ["ovphysx", pytest.param("newton_mjwarp", marks=pytest.mark.slow)])
def test_a_push_accelerates_every_joint_as_mechanics_says(engine: str):
    script = Path(__file__).with_name("push_cart_double_pendulum.py")
    command = [sys.executable, str(script), engine, "100", "50"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=590)
    assert result.returncode == 0, result.stderr[-3000:]
    measured = json.loads(result.stdout.splitlines()[-1])
    assert measured["joints"] == ["slider_to_cart", "cart_to_pole", "pole_to_pendulum"]
    dt = measured["dt"]
    mass = upright_mass_matrix()
    mass[0, 0] += CART_DAMPING * dt  # drives are damped implicitly: (M + dt D) v = dt F
    expected = torch.linalg.solve(mass, dt * torch.tensor([100.0, 0.0, 50.0]))
    torch.testing.assert_close(torch.tensor(measured["velocity"]), expected, rtol=0.02, atol=1e-3)
