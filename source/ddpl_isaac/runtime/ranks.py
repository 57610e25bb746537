# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Training by several processes (ranks), each with environments, a replay and a device of its own.

Every rank computes the gradient of its own batch; their mean is that of one batch that holds all. Outside of a process
group all functions do nothing.
"""

from __future__ import annotations

import os
import torch
from collections.abc import Iterable
from torch import distributed, nn
from torch.distributed.rendezvous import rendezvous
from typing import Any

from ddpl_isaac.errors import UserError
from ddpl_isaac.runtime.device import choose_device


def is_distributed() -> bool:
    """Return whether there are other ranks."""
    return distributed.is_available() and distributed.is_initialized()


def num_ranks() -> int:
    """Return the number of ranks."""
    return distributed.get_world_size() if is_distributed() else 1


def can_be_captured() -> bool:
    """Return whether what ranks send each other is launched like a kernel, so that a CUDA graph can hold it."""
    return not is_distributed() or distributed.get_backend() == "nccl"


def rank() -> int:
    """Return the number of this rank; 0 is the one that writes."""
    return distributed.get_rank() if is_distributed() else 0


def join(device: str | None) -> str:
    """Join the processes that torchrun started, by NCCL on GPUs and by gloo on CPUs.

    Args:
        device: Device that is wanted, or None for the GPU if there is one.

    Returns:
        The GPU of this rank, or the CPU if that is wanted or there is no GPU.

    Raises:
        UserError: If this process was not started by torchrun, or there are fewer GPUs than ranks.
    """
    if "RANK" not in os.environ:
        raise UserError("--distributed needs torchrun: torchrun --nproc_per_node=2 scripts/train.py --distributed ...")
    on_cpu = device == "cpu" or not torch.cuda.is_available()
    own = "cpu" if on_cpu else choose_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if not on_cpu:
        torch.cuda.set_device(own)
    store, number, world = next(rendezvous("env://"))
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
        # That store outlives a restart, and with it the addresses of ranks that have ended.
        start = f"restart_{os.environ['TORCHELASTIC_RESTART_COUNT']}"
        store = distributed.PrefixStore(start, store)  # pyright: ignore[reportPrivateImportUsage]
    distributed.init_process_group("gloo" if on_cpu else "nccl", store=store, rank=number, world_size=world)
    return own


def leave() -> None:
    """Leave the other ranks."""
    if is_distributed():
        distributed.destroy_process_group()


def launch_id() -> str | None:
    """Return what all restarts of a rank by torchrun have in common; None if torchrun did not start this process."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    given = os.environ["TORCHELASTIC_RUN_ID"]
    return given if given != "none" else f"process {os.getppid()}"


def was_restarted() -> bool:
    """Return whether torchrun started this process anew after a failure."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0


def from_first(value: Any) -> Any:
    """Return what rank 0 passed, in all ranks."""
    if not is_distributed():
        return value
    values = [value]
    distributed.broadcast_object_list(values, src=0)
    return values[0]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace the gradients by their means over the ranks, in a single transfer."""
    if not is_distributed():
        return
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    distributed.all_reduce(flat)
    flat /= num_ranks()
    for grad, mean in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(mean.view_as(grad))


def gather_batch(values: torch.Tensor, dim: int) -> torch.Tensor:
    """Join the batches of all ranks, which are of the same size, along a dimension."""
    if not is_distributed():
        return values
    values = values.contiguous()
    gathered = [torch.empty_like(values) for _ in range(num_ranks())]
    distributed.all_gather(gathered, values)
    return torch.cat(gathered, dim)
