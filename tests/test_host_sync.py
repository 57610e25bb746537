# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The check for host syncs catches those that code tends to contain, and lets other code pass."""

from __future__ import annotations

import numpy as np
import torch
from collections.abc import Callable

import pytest
from host_sync import HostSyncError, forbid_host_sync


def _assign(x: torch.Tensor) -> None:
    x[x > 0] = 0.0


def _assign_a_number(x: torch.Tensor) -> None:
    x[INDEX] = 0.0


def _assign_a_number_in_columns(x: torch.Tensor) -> None:
    x.view(3, 1)[INDEX, 0] = 0.0


INDEX = torch.tensor([0, 2])
ZERO = torch.zeros(())


@pytest.mark.parametrize(
    "read",
    [
        lambda x: x.sum().item(),
        lambda x: float(x.sum()),
        lambda x: bool((x > 0).any()),
        lambda x: 1 if x.sum() > 0 else 0,
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: np.asarray(x),
        lambda x: x.cpu(),
        lambda x: x.nonzero(),
        lambda x: x[x > 0],
        _assign,
        _assign_a_number,
        _assign_a_number_in_columns,
        lambda x: torch.tensor(1.0, device=x.device) + x,
        lambda x: torch.as_tensor([1.0, 2.0, 3.0]) + x,
        lambda x: torch.masked_select(x, x > 0),
        lambda x: torch.where(x > 0),
        lambda x: torch.unique(x),
        lambda x: torch.equal(x, x),
        lambda x: torch.arange(3)[: x.sum().long()],
    ],
)
@pytest.mark.parametrize("inference", [False, True])
def test_a_read_is_caught(read: Callable[[torch.Tensor], object], inference: bool):
    x = torch.ones(3)
    with torch.inference_mode(inference), forbid_host_sync(), pytest.raises(HostSyncError):
        read(x)


def test_work_on_the_device_passes():
    x = torch.ones(3, requires_grad=True)
    with forbid_host_sync():
        y = torch.where(x > 0, x, 0.0).sum() + x[INDEX].sum() + x[1:].mean()
        y.backward()
        z = torch.zeros(3)
        z[INDEX] = ZERO
        z[1:] = 1.0
        torch.optim.Adam([x]).step()
    assert x.grad.shape == (3,)
