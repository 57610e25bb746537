# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Goals of the two-hand task, by hand."""

import torch

from ddpl_isaac.tasks.hands.goal_sequence import GoalSequence

HANDS = torch.tensor([[[0.0, 0.0, 0.0]] * 3, [[1.0, 0.0, 0.0]] * 3])  # two hands, three environments
NEAR, FAR = 0.05, 0.5


def update(goals, distances, steps_required):
    distance = torch.tensor(distances)
    goals.update(distance, distance < 0.1, steps_required)


def test_first_goal_is_that_of_the_hand_without_the_ball():
    assert torch.equal(GoalSequence(HANDS).position, HANDS[1])


def test_goal_moves_on_after_enough_near_steps_in_sum_and_comes_back():
    goals = GoalSequence(HANDS)
    for distances in ([NEAR, NEAR, FAR], [FAR, NEAR, FAR], [NEAR, NEAR, FAR]):
        update(goals, distances, steps_required=2)
    assert goals.handovers.tolist() == [1, 1, 0]
    assert goals.success_steps.tolist() == [0, 1, 0]
    assert goals.position[:, 0].tolist() == [0.0, 0.0, 1.0]
    update(goals, [NEAR] * 3, steps_required=2)
    assert goals.handovers.tolist() == [1, 2, 0]
    assert goals.position[:, 0].tolist() == [0.0, 1.0, 1.0]


def test_a_goal_that_stays_is_reached_once_and_wanted_for_ever():
    goals = GoalSequence(HANDS, moves=False)
    for _ in range(5):
        assert torch.equal(goals.position, HANDS[1])
        update(goals, [NEAR, FAR, FAR], steps_required=2)
    assert goals.handovers.tolist() == [1, 0, 0]
    assert goals.success_steps.tolist() == [5, 0, 0]
    goals.reset(torch.arange(3))
    assert not goals.handovers.any()


def test_closest_approach_ignores_what_is_no_number():
    goals = GoalSequence(HANDS)
    update(goals, [0.3, torch.nan, 0.4], steps_required=1)
    update(goals, [0.5, 0.2, torch.inf], steps_required=1)
    torch.testing.assert_close(goals.min_distance, torch.tensor([0.3, 0.2, 0.4]))


def test_reset_forgets_the_episodes_that_end_and_no_other():
    goals = GoalSequence(HANDS)
    update(goals, [NEAR] * 3, steps_required=1)
    goals.reset(torch.tensor([0, 2]))
    assert goals.handovers.tolist() == [0, 1, 0]
    assert goals.position[:, 0].tolist() == [1.0, 0.0, 1.0]
    assert goals.min_distance.isinf().tolist() == [True, False, True]


def test_three_hands_take_turns():
    goals = GoalSequence(torch.arange(3.0)[:, None, None].expand(3, 1, 3))
    seen = []
    for _ in range(4):
        seen.append(goals.position[0, 0].item())
        update(goals, [0.0], steps_required=1)
    assert seen == [1.0, 2.0, 0.0, 1.0]


def test_steps_in_inference_mode_can_be_followed_by_a_reset_outside_of_it():
    goals = GoalSequence(HANDS)
    with torch.inference_mode():
        update(goals, [NEAR] * 3, steps_required=1)
    goals.reset(torch.arange(3))
    assert goals.min_distance.isinf().all()
