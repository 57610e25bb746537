# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Policies learn from the states in which they have a say."""

import torch

import pytest

from ddpl_isaac.algorithms.policy_improvement import PolicyImprovement, States
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config.loader import load_config

A, B, O, D = 2, 8, 3, 2


def after_a_step(policy_class, active, disturbed):
    """Return parameters and diagnostics; if disturbed, some states of agent 0 have other values."""
    torch.manual_seed(0)
    small = ["actor.hidden_dims=[16]", "compile=eager", "sampler.num_steps=3", f"policy_class={policy_class}"]
    cfg: TrainConfig = load_config(None, [f"agent.algorithm.{setting}" for setting in small])
    improvement = PolicyImprovement(O, torch.ones(A, D), cfg.algorithm, "cpu", 0)
    scale = torch.ones(A, B, 1)
    if disturbed:
        scale[0, B // 2 :] = -50.0

    def marginal(actions, _):
        return scale * actions.sum(-1)

    obs = torch.randn(B, A, O)
    diagnostics = improvement.step(lambda: States(obs, marginal, active))
    return [*improvement.actor.parameters(), *diagnostics.values()]


@pytest.mark.parametrize("policy_class", ["diffusion", "gaussian_forward_kl", "gaussian_reverse_kl"])
def test_what_an_agent_out_of_play_could_do_changes_nothing(policy_class):
    active = torch.ones(A, B)
    pairs = zip(*(after_a_step(policy_class, active, disturbed) for disturbed in (False, True)), strict=True)
    assert not all(plain.equal(disturbed) for plain, disturbed in pairs)
    active[0, B // 2 :] = 0.0
    pairs = zip(*(after_a_step(policy_class, active, disturbed) for disturbed in (False, True)), strict=True)
    assert all(plain.equal(disturbed) for plain, disturbed in pairs)


def test_an_agent_that_is_never_active_stays_as_it_is():
    active = torch.ones(A, B)
    active[0] = 0.0
    values = after_a_step("diffusion", active, disturbed=False)
    assert all(value.isfinite().all() for value in values)


@pytest.mark.parametrize(("steps", "oldest", "newest"), [(100, 20.0, 30.0), (3000, 190.0, 200.0)])
def test_the_average_forgets_the_untrained_policy_and_is_as_long_as_the_training_allows(steps, oldest, newest):
    small = ["actor.hidden_dims=[4]", "compile=eager", "sampler.num_steps=2", "actor.ema_decay=0.995"]
    cfg: TrainConfig = load_config(None, [f"agent.algorithm.{setting}" for setting in small])
    improvement = PolicyImprovement(O, torch.ones(1, D), cfg.algorithm, "cpu", 0)
    (weight, *_), (averaged, *_) = improvement.actor.parameters(), improvement.averaged.parameters()
    states = States(torch.zeros(1, 1, O), lambda actions, _: actions.sum(-1), torch.ones(1, 1))
    averaged.fill_(1e3)  # as if that had been its beginning

    def learn_the_number_of_the_step():
        with torch.no_grad():
            weight.fill_(float(improvement.steps + 1))

    improvement.optimizer.step = learn_the_number_of_the_step
    for _ in range(steps):
        improvement.step(lambda: states)
    age = steps - averaged.mean().item()
    assert oldest < age < newest
