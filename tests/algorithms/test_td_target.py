# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Targets of the critics, by hand."""

import torch

from ddpl_isaac.algorithms.td_target import polyak_update, td_loss, td_target
from ddpl_isaac.storage.replay_storage import Batch


def batch(reward, discount):
    empty = torch.empty(0)
    return Batch(empty, empty, empty, torch.tensor(reward), torch.tensor(discount), empty, empty)


def test_the_target_bootstraps_from_the_lower_twin_and_not_after_a_termination():
    next_q = torch.tensor([[[4.0, 4.0]], [[6.0, 6.0]]])
    target = td_target(batch([1.0, 1.0], [0.5, 0.0]), next_q, torch.tensor(10.0))
    torch.testing.assert_close(target, torch.tensor([[12.0, 10.0]]))


def test_the_loss_is_summed_over_twins_and_sends_no_gradient_into_the_target():
    q, target = torch.tensor([[[1.0]], [[3.0]]], requires_grad=True), torch.tensor([[2.0]], requires_grad=True)
    loss = td_loss(q, target)
    loss.backward()
    assert loss.item() == 2.0
    torch.testing.assert_close(q.grad, torch.tensor([[[-2.0]], [[2.0]]]))
    assert target.grad is None


def test_polyak_averaging_moves_by_the_rate():
    target, source = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    expected = 0.9 * target.weight + 0.1 * source.weight
    polyak_update(target, source, 0.1)
    torch.testing.assert_close(target.weight, expected)
