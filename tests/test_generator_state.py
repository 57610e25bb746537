# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A generator goes on from a state of its own kind, and begins anew by seed and steps from one of the other kind."""

import torch

from ddpl_isaac.generator_state import restore


def test_a_state_of_the_same_kind_goes_on_bit_for_bit():
    first, second = torch.Generator().manual_seed(3), torch.Generator()
    torch.rand(7, generator=first)
    restore(second, first.get_state(), seed=3, steps=7, device="cpu")
    assert torch.equal(torch.rand(5, generator=first), torch.rand(5, generator=second))


def test_a_state_of_a_gpu_is_replaced_by_one_that_seed_and_steps_decide():
    def draw(seed, steps):
        generator = torch.Generator()
        restore(generator, torch.zeros(16, dtype=torch.uint8), seed=seed, steps=steps, device="cpu")
        return torch.rand(1, generator=generator).item()

    assert draw(3, 7) == draw(3, 7)
    assert len({draw(3, 7), draw(4, 7), draw(3, 8)}) == 3
