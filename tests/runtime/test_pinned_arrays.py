# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Pinned host arrays on machines with and without CUDA."""

import subprocess
import sys
import torch
import warp as wp

import pytest

from ddpl_isaac.runtime.pinned_arrays import allow_pinned_arrays_without_cuda

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")


@without_cuda
def test_warp_still_refuses_pinned_arrays_without_the_workaround():
    """If this fails, Warp has learnt it and the module can go."""
    code = "import warp as wp; wp.zeros(4, dtype=wp.float32, device='cpu', pinned=True)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode != 0
    assert "Failed to allocate" in result.stderr


@without_cuda
def test_every_way_to_allocate_a_pinned_array_gives_ordinary_memory():
    assert allow_pinned_arrays_without_cuda()
    options = {"dtype": wp.float32, "device": "cpu", "pinned": True}
    zeros = wp.zeros(3, **options)
    arrays = [zeros, wp.empty(3, **options), wp.full(3, 2.0, **options), wp.array([1.0, 2.0, 3.0], **options)]
    arrays.append(wp.clone(zeros, pinned=True))
    assert not any(array.pinned for array in arrays)
    torch.testing.assert_close(wp.to_torch(arrays[2]), torch.full((3,), 2.0))
    torch.testing.assert_close(wp.to_torch(arrays[3]), torch.tensor([1.0, 2.0, 3.0]))


@without_cuda
def test_applying_the_workaround_again_changes_nothing():
    allow_pinned_arrays_without_cuda()
    allocate = wp.array._init_new
    assert allow_pinned_arrays_without_cuda()
    assert wp.array._init_new is allocate


def test_warp_is_left_alone_where_cuda_exists(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    allocate = wp.array._init_new
    assert not allow_pinned_arrays_without_cuda()
    assert wp.array._init_new is allocate
