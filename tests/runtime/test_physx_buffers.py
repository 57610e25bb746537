# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What PhysX only writes into its log ends the run, by a message that says what to raise."""

import logging
import sys
import types

import pytest

from ddpl_isaac.runtime.physx_buffers import BufferOverflowError, OverflowWatch


@pytest.fixture
def physx(monkeypatch):
    """Says what it is told to on the channel that was asked for, as PhysX does."""
    asked = {}
    fake = types.SimpleNamespace(LogLevel=types.SimpleNamespace(WARNING=3))
    fake.enable_python_logging = lambda name, min_severity: asked.update(name=name, severity=min_severity)
    monkeypatch.setitem(sys.modules, "ovphysx", fake)
    watch = OverflowWatch()
    watch.listen()
    logger = logging.getLogger(asked["name"])
    yield watch, logger
    logger.removeHandler(watch)


# as the library has them
@pytest.mark.parametrize(
    ("said", "field"),
    [
        (
            "Patch buffer overflow detected, please increase its size to at least 163841 in the scene desc!",
            "gpu_max_rigid_patch_count",
        ),
        ("Contact buffer overflow detected, please increase its size", "gpu_max_rigid_contact_count"),
        ("PxGpuDynamicsMemoryConfig::collisionStackSize buffer overflow detected", "gpu_collision_stack_size"),
        (
            "The application needs to increase PxGpuDynamicsMemoryConfig::foundLostAggregatePairsCapacity to 9",
            "gpu_found_lost_aggregate_pairs_capacity",
        ),
        (
            "The application needs to increase PxGpuDynamicsMemoryConfig::foundLostPairsCapacity to 9",
            "gpu_found_lost_pairs_capacity",
        ),
    ],
)
def test_an_overflow_names_the_field_to_raise(physx, said, field):
    watch, logger = physx
    watch.check()
    logger.error("%s", said)
    logger.error("%s", "another line")
    with pytest.raises(BufferOverflowError, match=rf"env\.sim\.physics\.{field} .*PhysX said: {said[:20]}"):
        watch.check()


def test_other_warnings_of_physx_end_nothing(physx):
    watch, logger = physx
    logger.warning("%s", "Invalid mass of a body; 1.0 is used")
    watch.check()
