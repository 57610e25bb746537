# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A replay is held against the memory that machine and container leave, before it is allocated."""

import pytest

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.algorithms.make_learner import check_memory
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.errors import OutOfMemoryError
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.storage import replay_size
from ddpl_isaac.storage.available_memory import available_on_host
from ddpl_isaac.storage.replay_size import check_fits
from ddpl_isaac.storage.replay_storage import ReplayStorage

GIB = 2**30


@pytest.fixture
def machine(tmp_path):
    """A machine of 8 GiB of which 6 are available; what it is told is written as the system writes it."""

    def describe(groups="", **files):
        proc, cgroups = tmp_path / "proc", tmp_path / "cgroups"
        (proc / "self").mkdir(parents=True, exist_ok=True)
        (proc / "meminfo").write_text(f"MemTotal: {8 * 2**20} kB\nMemFree: 1 kB\nMemAvailable:   {6 * 2**20} kB\n")
        (proc / "self" / "cgroup").write_text(groups)
        for name, content in files.items():
            path = cgroups / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n")
        return available_on_host(proc, cgroups)

    return describe


def test_without_a_limit_the_machine_decides(machine):
    assert machine() == 6 * GIB
    assert machine("0::/job\n", **{"job/memory.max": "max", "job/memory.current": GIB}) == 6 * GIB


def test_a_group_leaves_its_limit_less_what_is_used_and_not_mere_cache(machine):
    files = {
        "job/memory.max": 4 * GIB,
        "job/memory.current": 3 * GIB,
        "job/memory.stat": f"anon 5\ninactive_file {GIB}",
    }
    assert machine("0::/job\n", **files) == 2 * GIB


def test_the_groups_above_have_limits_too(machine):
    files = {"a/memory.max": 2 * GIB, "a/memory.current": GIB, "a/b/memory.max": 9 * GIB, "a/b/memory.current": 0}
    assert machine("0::/a/b/c\n", **files) == GIB


def test_a_container_that_sees_its_own_group_as_the_root_has_its_limit(machine):
    assert machine("0::/\n", **{"memory.max": 3 * GIB, "memory.current": GIB}) == 2 * GIB
    assert machine("0::/../elsewhere\n", **{"memory.max": 3 * GIB, "memory.current": GIB}) == 2 * GIB


def test_the_first_version_of_groups_counts_as_well(machine):
    files = {"memory/job/memory.limit_in_bytes": 2 * GIB, "memory/job/memory.usage_in_bytes": GIB}
    assert machine("5:cpu,cpuacct:/job\n4:memory:/job\n", **files) == GIB


def test_a_system_that_tells_nothing_has_no_limit(tmp_path):
    assert available_on_host(tmp_path, tmp_path) is None


SHAPES = (2, 3), 4, (2, 1)
BYTES = (6 + 4 + 2) * 4 + 4 + 3
"""Of a transition: numbers, reward and three flags."""


def test_a_replay_of_exactly_what_is_free_fits_and_a_byte_less_does_not(monkeypatch):
    storage = ReplayStorage(100, 5, *SHAPES, "cpu")
    assert sum(ring.nbytes for ring in storage.data.values()) == 100 * BYTES
    monkeypatch.setattr(replay_size, "available_memory", lambda _: 100 * BYTES)
    check_fits(104, 5, *SHAPES, "cpu")  # four more than environments share
    monkeypatch.setattr(replay_size, "available_memory", lambda _: 100 * BYTES - 1)
    check_fits(100, 5, *SHAPES, "cpu", half_precision=True)
    for refused in (check_fits, ReplayStorage):
        with pytest.raises(
            OutOfMemoryError, match=r"of 100 transitions needs 0.0 GiB on cpu, where 0.0 GiB are free: "
        ):
            refused(100, 5, *SHAPES, "cpu")


def test_learners_that_keep_a_replay_check_it_by_the_agents_alone(monkeypatch):
    monkeypatch.setattr(replay_size, "available_memory", lambda _: GIB)
    agent = AgentSpec("a", 64 * 64 * 3, slice(0, 1), (-1.0,), (1.0,))
    cfg = TrainConfig()
    with pytest.raises(OutOfMemoryError, match="lower agent"):
        check_memory(AgentStack([agent], 0), 4, cfg, "cpu")
    cfg.algorithm.class_name = "ddpl_isaac.baselines.skrl_ppo:SkrlPPO"
    check_memory(AgentStack([agent], 0), 4, cfg, "cpu")
