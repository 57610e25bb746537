# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The device of environments and learner."""

from __future__ import annotations

import torch

from ddpl_isaac.errors import ConfigError


def choose_device(given: str | None) -> str:
    """Return the device that is wanted, or the GPU if there is one, else the CPU.

    Raises:
        ConfigError: If the device is not there.
    """
    device = given or ("cuda:0" if torch.cuda.is_available() else "cpu")
    kind, colon, index = device.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not index.isdigit())):
        raise ConfigError(f"--device {device} is not a device; it must be cpu, cuda or cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "cuda" and int(index or 0) >= count:
        found = f"only {count} GPU(s)" if count else "no CUDA device"
        raise ConfigError(f"--device {device}: this machine has {found}. Leave --device out, or use --device cpu.")
    return device
