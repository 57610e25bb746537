# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Freed memory of tensors is used again without asking the kernel."""

import multiprocessing
import resource
import torch

import pytest

from ddpl_isaac.runtime.memory import keep_freed_memory


def _faults_of_tensors_that_come_and_go(keep):
    """Count the pages of 4 KiB that the kernel clears for 5 times 64 MiB, more than glibc keeps of itself.

    The least of 5 counts: a kernel that moves pages between memories adds faults of its own now and then.
    """
    if keep:
        assert keep_freed_memory()

    def faults():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(5):
            torch.ones(2**24)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    faults()
    return min(faults() for _ in range(5))


@pytest.mark.parametrize("keep", [False, True])
def test_freed_memory_is_cleared_again_only_where_it_is_not_kept(keep):
    if not keep_freed_memory():
        pytest.skip("the C library is not glibc")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        faults = pool.apply(_faults_of_tensors_that_come_and_go, (keep,))
    assert (faults < 1000) if keep else (faults > 50_000), faults
