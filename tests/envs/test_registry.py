# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The id alone decides where an environment comes from."""

import sys
from types import SimpleNamespace

import gymnasium as gym
import pytest

from ddpl_isaac.envs.built_in import BUILT_IN
from ddpl_isaac.envs.registry import find_source

ISAAC_LAB = object()


@pytest.fixture(autouse=True)
def isaac_lab(monkeypatch):
    """Isaac Lab's source without Isaac Lab, which takes seconds to import."""
    monkeypatch.setitem(sys.modules, "ddpl_isaac.envs.isaac_lab.source", SimpleNamespace(ISAAC_LAB=ISAAC_LAB))


@pytest.fixture
def register():
    """Register an id with gymnasium until the test ends."""
    ids = []

    def register(task, **kwargs):
        gym.register(task, entry_point="nowhere:Nothing", kwargs=kwargs)
        ids.append(task)

    yield register
    for task in ids:
        del gym.registry[task]


@pytest.mark.parametrize("task", ["Coordination-Corners-v0", "MPE-Spread-v0", "MaMuJoCo-Ant-4x2-v0", "SMAX-3m-v0"])
def test_an_id_of_a_family_is_the_familys(task):
    assert find_source(task) is BUILT_IN


@pytest.mark.parametrize("task", [None, "DDPL-Cart-Pendulum", "Isaac-Unknown-v0", "module:Coordination-Corners-v0"])
def test_anything_else_and_anything_of_a_module_is_isaac_labs(task):
    assert find_source(task) is ISAAC_LAB


def test_an_id_of_a_family_that_is_registered_for_isaac_lab_is_isaac_labs(register):
    register("Coordination-Corners-v0", env_cfg_entry_point="nowhere:Cfg")
    assert find_source("Coordination-Corners-v0") is ISAAC_LAB


def test_an_id_of_a_family_that_is_registered_for_something_else_stays_the_familys(register):
    register("Coordination-Corners-v0")
    assert find_source("Coordination-Corners-v0") is BUILT_IN
