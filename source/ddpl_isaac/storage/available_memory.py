# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How much memory a device has left. Linux promises more than it has and ends the process that takes it at its word."""

from __future__ import annotations

import re
import torch
from collections.abc import Iterator
from pathlib import Path


def available_memory(device: torch.device | str) -> int | None:
    """Return the bytes that can still be allocated on a device, or None if the system does not tell."""
    device = torch.device(device)
    if device.type != "cuda":
        return available_on_host()
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def available_on_host(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the least of what the machine and the control groups of this process leave it, in bytes.

    Args:
        proc: Where the system describes itself.
        cgroups: Where control groups, by which containers and schedulers set limits, are mounted.
    """
    found = re.search(r"^MemAvailable:\s*(\d+) kB", _read(proc / "meminfo"), re.MULTILINE)
    limits = [int(found[1]) * 1024] if found else []
    for line in _read(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            limits += _left(cgroups, path, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            limits += _left(cgroups / "memory", path, *names)
    return min(limits, default=None)


def _left(root: Path, path: str, limit_name: str, usage_name: str, cache_name: str) -> Iterator[int]:
    """Yield what the limits of a group and of those above it leave, file cache that can be dropped included."""
    group = root / path.lstrip("/")
    for folder in (group, *group.parents):
        limit, usage = _read(folder / limit_name).strip(), _read(folder / usage_name).strip()
        cache = re.search(rf"^{cache_name} (\d+)", _read(folder / "memory.stat"), re.MULTILINE)
        if limit.isdigit() and usage.isdigit():
            yield max(0, int(limit) - int(usage) + (int(cache[1]) if cache else 0))
        if folder == root:
            return


def _read(path: Path) -> str:
    """Return the text of a file, none if it is not there."""
    try:
        return path.read_text()
    except OSError:
        return ""
