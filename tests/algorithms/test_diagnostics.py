# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What an agent's values know of the team's is a number."""

import torch

from ddpl_isaac.algorithms.diagnostics import credit_diagnostics

ACTIVE = torch.ones(1, 2)
TEAM = torch.tensor([[[1.0, 2.0, 4.0, 5.0], [0.0, 1.0, 2.0, 9.0]]])
TWINS = torch.stack((TEAM - 1.0, TEAM + 1.0))


def test_values_in_the_order_of_the_teams_have_correlation_one_and_gain_the_best():
    found = credit_diagnostics(TEAM.exp(), TWINS, ACTIVE)
    torch.testing.assert_close(found["rank_correlation"], torch.ones(1))
    # 5 - 3 in the first state, 9 - 3 in the second
    torch.testing.assert_close(found["best_of_gain"], torch.tensor([4.0]))


def test_values_in_the_opposite_order_have_correlation_minus_one_and_lose():
    found = credit_diagnostics(-TEAM, TWINS, ACTIVE)
    torch.testing.assert_close(found["rank_correlation"], -torch.ones(1))
    torch.testing.assert_close(found["best_of_gain"], torch.tensor([-2.5]))


def test_the_correlation_is_spearmans():
    own = torch.tensor([[[1.0, 3.0, 2.0, 4.0]] * 2])
    # 1 - 6 sum d^2 / (M (M^2 - 1)) with d = 0, 1, 1, 0
    torch.testing.assert_close(credit_diagnostics(own, TWINS, ACTIVE)["rank_correlation"], torch.tensor([0.8]))


def test_twins_agree_as_far_as_they_order_candidates_alike():
    twins = torch.stack((TEAM, TEAM.flip(-1)))
    torch.testing.assert_close(credit_diagnostics(TEAM, TWINS, ACTIVE)["twin_agreement"], torch.ones(1))
    torch.testing.assert_close(credit_diagnostics(TEAM, twins, ACTIVE)["twin_agreement"], -torch.ones(1))
    swapped = TEAM[..., [0, 2, 1, 3]]
    found = credit_diagnostics(TEAM, torch.stack((TEAM, swapped)), ACTIVE)["twin_agreement"]
    torch.testing.assert_close(found, torch.tensor([0.8]))


def test_states_out_of_play_do_not_count():
    own = torch.stack((TEAM[0, 0], -TEAM[0, 1])).unsqueeze(0)
    found = credit_diagnostics(own, TWINS, torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(found["rank_correlation"], torch.ones(1))
