# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Policies learn from the states in which they have a say."""

import torch

import pytest

from ddpl_isaac.algorithms.policy_improvement import PolicyImprovement, States
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.config_loader import load_config

A, B, O, D = 2, 8, 3, 2


def after_a_step(policy_class, in_play, disturbed):
    """Return parameters and diagnostics; if disturbed, some states of agent 0 have other values."""
    torch.manual_seed(0)
    small = ["actor.hidden_dims=[16]", "sampler.compile=eager", "sampler.num_steps=3", f"policy_class={policy_class}"]
    cfg: TrainConfig = load_config(None, [f"agent.algorithm.{setting}" for setting in small])
    improvement = PolicyImprovement(O, torch.ones(A, D), cfg.algorithm, "cpu", 0)
    scale = torch.ones(A, B, 1)
    if disturbed:
        scale[0, B // 2 :] = -50.0

    def marginal(actions, _):
        return scale * actions.sum(-1)

    obs = torch.randn(B, A, O)
    diagnostics = improvement.step(lambda: States(obs, marginal, in_play))
    return [*improvement.actor.parameters(), *diagnostics.values()]


@pytest.mark.parametrize("policy_class", ["diffusion", "gaussian_forward_kl", "gaussian_reverse_kl"])
def test_what_an_agent_out_of_play_could_do_changes_nothing(policy_class):
    in_play = torch.ones(A, B)
    pairs = zip(*(after_a_step(policy_class, in_play, disturbed) for disturbed in (False, True)), strict=True)
    assert not all(plain.equal(disturbed) for plain, disturbed in pairs)
    in_play[0, B // 2 :] = 0.0
    pairs = zip(*(after_a_step(policy_class, in_play, disturbed) for disturbed in (False, True)), strict=True)
    assert all(plain.equal(disturbed) for plain, disturbed in pairs)


def test_an_agent_that_is_never_in_play_stays_as_it_is():
    in_play = torch.ones(A, B)
    in_play[0] = 0.0
    values = after_a_step("diffusion", in_play, disturbed=False)
    assert all(value.isfinite().all() for value in values)
