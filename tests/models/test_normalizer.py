# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The running normaliser: exact, bounded, close to rsl_rl's, and it never waits for the device."""

import torch

from host_sync import forbid_host_sync
from rsl_rl.modules import EmpiricalNormalization

from ddpl_isaac.models.normalizer import RunningNormalizer


def test_mean_and_deviation_are_those_of_all_rows_together():
    torch.manual_seed(0)
    rows = torch.randn(900, 2, 3) * torch.tensor([0.01, 1.0, 50.0]) + torch.tensor([1000.0, 0.0, -3.0])
    normalizer = RunningNormalizer((2, 3))
    for batch in rows.split((1, 99, 300, 500)):
        normalizer.update(batch)
    exact = rows.double()
    torch.testing.assert_close(normalizer._mean[0], exact.mean(0), rtol=1e-7, atol=2e-6)
    torch.testing.assert_close(normalizer._var[0], exact.var(0, correction=0), rtol=1e-6, atol=0.0)
    assert int(normalizer.count) == 900


def test_it_equals_rsl_rls_in_ordinary_use():
    torch.manual_seed(0)
    ours, theirs = RunningNormalizer((4,), clip=100.0), EmpiricalNormalization((4,))
    for _ in range(200):
        batch = torch.randn(64, 4) * torch.tensor([1.0, 0.1, 5.0, 1.0]) + torch.tensor([0.0, 2.0, -1.0, 0.5])
        ours.update(batch)
        theirs.update(batch)
    torch.testing.assert_close(ours(batch), theirs(batch), rtol=1e-5, atol=1e-5)
    ours.load_state_dict(theirs.state_dict())  # what earlier checkpoints hold
    torch.testing.assert_close(ours(batch), theirs(batch), rtol=0.0, atol=1e-6)


def test_it_learns_after_more_rows_than_float32_can_count():
    normalizer = RunningNormalizer((1,))
    normalizer.update(torch.tensor([[-1.0], [1.0]]))
    normalizer.count.fill_(10**11)
    for _ in range(100):
        normalizer.update(torch.ones(1000, 1))
    assert abs(float(normalizer._mean) - 1e-6) < 1e-9


def test_numbers_are_clipped_and_a_column_that_never_varied_is_zero():
    normalizer = RunningNormalizer((3,), clip=5.0)
    normalizer.update(torch.tensor([[0.1, -1.0, 0.0], [0.1, 1.0, 0.0], [0.1, 0.0, 0.0]]))
    assert normalizer.constant.tolist() == [True, False, True]
    assert normalizer.bound.tolist() == [0.0, 5.0, 0.0]
    assert normalizer(torch.tensor([[1.1, 1e6, -1.0]])).tolist() == [[0.0, 5.0, 0.0]]
    assert normalizer(torch.tensor([[0.1, -1e6, 0.0]])).tolist() == [[0.0, -5.0, 0.0]]
    assert normalizer(torch.full((1, 3), torch.nan)).isnan().all(), "what is no number must not look like one"
    normalizer.update(torch.tensor([[1.1, 0.0, 0.0]]))
    assert normalizer.constant.tolist() == [False, False, True]


def test_before_the_first_row_nothing_counts_as_constant():
    assert RunningNormalizer((2,))(torch.tensor([[3.0, -3.0]])).abs().min() > 2.9


def test_it_stands_still_in_evaluation_mode():
    normalizer = RunningNormalizer((1,)).eval()
    normalizer.update(torch.ones(3, 1))
    assert int(normalizer.count) == 0


def test_nothing_waits_for_the_device():
    normalizer = RunningNormalizer((3,), clip=5.0)
    with forbid_host_sync():
        normalizer.update(torch.rand(5, 3))
        normalizer(torch.rand(5, 3))
