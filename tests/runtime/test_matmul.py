# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The faster matrix library is as exact as the usual one."""

import torch

import pytest

from ddpl_isaac.runtime.matmul import use_fastest_float32


@pytest.fixture(autouse=True)
def precision():
    """Leave the process as it was."""
    before = torch.backends.mkldnn.matmul.fp32_precision
    yield
    torch.backends.mkldnn.matmul.fp32_precision = before


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 64, 256), (6, 2048, 84), (2, 512, 20)])
def test_products_are_exact_to_float32_whatever_was_chosen(shape):
    use_fastest_float32()
    networks, rows, features = shape
    a, b = torch.randn(networks, rows, features), torch.randn(networks, features, 256)
    error = (torch.bmm(a, b) - torch.bmm(a.double(), b.double())).abs().max()
    # rounding to bfloat16 leaves 2^-9 of each factor
    assert error < 1e-4


def test_a_library_that_rounds_is_left_alone(monkeypatch):
    exact = torch.bmm

    def rounding(a, b):
        rounds = a.dtype == torch.float32 and torch.backends.mkldnn.matmul.fp32_precision == "bf16"
        return exact(a.bfloat16(), b.bfloat16()).float() if rounds else exact(a, b)

    torch.backends.mkldnn.matmul.fp32_precision = "ieee"
    monkeypatch.setattr(torch, "bmm", rounding)
    assert not use_fastest_float32()
    assert torch.backends.mkldnn.matmul.fp32_precision == "ieee"
