# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What helps a CPU is set there alone."""

import pytest

from ddpl_isaac.runtime import configure as module


@pytest.mark.parametrize(("device", "expected"), [("cpu", ["matmul", "memory"]), ("cuda:0", [])])
def test_a_gpu_host_keeps_torchs_own_settings(monkeypatch, device, expected):
    done = []
    monkeypatch.setattr(module, "use_fastest_float32", lambda: done.append("matmul"))
    monkeypatch.setattr(module, "keep_freed_memory", lambda: done.append("memory"))
    module.configure(device)
    assert done == expected
