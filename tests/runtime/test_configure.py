# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What helps a CPU is set there alone, and the precision of products on a GPU alone."""

import pytest

from ddpl_isaac.runtime import configure as module


@pytest.mark.parametrize(("device", "expected"), [("cpu", ["matmul", "memory"]), ("cuda:1", ["cuda:1", "highest"])])
def test_each_kind_of_device_gets_its_own_settings(monkeypatch, device, expected):
    done = []
    monkeypatch.setattr(module, "use_fastest_float32", lambda: done.append("matmul"))
    monkeypatch.setattr(module, "keep_freed_memory", lambda: done.append("memory"))
    monkeypatch.setattr(module.torch.cuda, "set_device", done.append)
    monkeypatch.setattr(module.torch, "set_float32_matmul_precision", done.append)
    module.configure(device, "highest")
    assert done == expected
