# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A number that would ruin a learner stops there or ends the run; what is saved is always sound."""

import torch

import pytest
from fakes import FakeEnv
from learners import collect, make_rollouts

from ddpl_isaac.algorithms.soundness import first_nonfinite
from ddpl_isaac.envs.guard import DivergenceError, NonFiniteError
from ddpl_isaac.errors import UserError

OVERLAP = "agent.algorithm.overlap_learning=true"


class ShiftedEnv(FakeEnv):
    """Column 1 of the pole's observation is around ``offset``, where it varies by ``spread``."""

    def __init__(self, offset, spread, **kwargs):
        self.offset, self.spread = offset, spread
        super().__init__(**kwargs)

    def get_observations(self):
        obs = super().get_observations()
        obs["pole"][:, 1] = self.offset + self.spread * (self.episode_length_buf % 2)
        return obs


def train(rollouts, env, iterations):
    for _ in range(iterations):
        collect(rollouts, env, 2)
        rollouts.compute_returns(env.get_observations())
        rollouts.update()


def _spoil_policy(learner):
    with torch.no_grad():
        learner.actor.denoiser.mlp.layers[0].weight[1, 2, 3] = float("nan")


def _spoil_critic(learner):
    with torch.no_grad():
        next(learner.critic.parameters()).view(-1)[0] = float("inf")


def _spoil_normalizer(learner):
    learner.obs_normalizer._mean[0, 1, 2] = float("inf")


def _spoil_return(learner):
    learner.return_normalizer._std.fill_(float("nan"))


@pytest.mark.parametrize("entry", ["cart", "pole", "state", "reward"])
def test_one_huge_number_leaves_no_trace_in_what_is_learned(entry):
    env = FakeEnv(num_envs=20, nonfinite_at=(5, 3, entry), broken_value=1e20)
    rollouts = make_rollouts(env)
    train(rollouts, env, 8)
    assert float(rollouts.learner.obs_normalizer.std.max()) < 20.0
    assert float(rollouts.learner.state_normalizer.std.max()) < 20.0
    assert float(rollouts.learner.return_normalizer.std.max()) < 20.0
    assert first_nonfinite(rollouts.save()) is None


@pytest.mark.parametrize(
    ("spoil", "first"),
    [
        (_spoil_policy, "first: the policy of 'pole' (1 of"),
        (_spoil_critic, "first: the critics ("),
        (_spoil_normalizer, "first: the normaliser of 'pole' ("),
        (_spoil_return, "first: the normaliser of the return ("),
    ],
)
def test_a_learner_that_is_not_finite_is_not_gone_on_with(spoil, first):
    env = FakeEnv(num_envs=8)
    rollouts = make_rollouts(env)
    train(rollouts, env, 1)
    spoil(rollouts.learner)
    with pytest.raises(DivergenceError) as error:
        rollouts.compute_returns(env.get_observations())
    assert first in str(error.value)
    assert "after 16 environment steps" in str(error.value)


def test_a_learner_that_overlaps_says_so_before_its_next_gradient_steps():
    env = FakeEnv(num_envs=8)
    rollouts = make_rollouts(env, OVERLAP)
    rollouts.learner.ask(_spoil_policy)
    collect(rollouts, env, 2)
    rollouts.update()
    with pytest.raises(DivergenceError, match="after 16 environment steps, first: the loss of the critics"):
        rollouts.compute_returns(env.get_observations())


def test_columns_that_have_not_varied_are_named_once(caplog):
    env = FakeEnv(num_envs=8)
    rollouts = make_rollouts(env, "agent.algorithm.warmup_steps_per_env=4")
    train(rollouts, env, 1)
    assert "not varied" not in caplog.text
    train(rollouts, env, 3)
    assert caplog.text.count("Columns that have not varied so far: 'cart': 3; the state: 4. Networks get 0") == 1


def test_acting_and_learning_from_half_precision_see_the_same_or_the_run_ends():
    half = "agent.algorithm.replay.half_precision=true"
    env = ShiftedEnv(1000.25, 0.02, num_envs=8)
    with pytest.raises(
        UserError, match=r"half_precision=true would round column 1 of 'pole' \(mean 1000\.\d+, deviation"
    ):
        train(make_rollouts(env, half), env, 9)
    env = ShiftedEnv(70_000.0, 1.0, num_envs=8)
    with pytest.raises(NonFiniteError, match=r"in: pole.*Column 1 of pole was 7000[01]; the limit is 65504"):
        train(make_rollouts(env, half), env, 9)
    env = ShiftedEnv(70_000.0, 1.0, num_envs=8)
    train(make_rollouts(env), env, 9)
    env = ShiftedEnv(1.0, 0.5, num_envs=8)
    rollouts = make_rollouts(env, half)
    train(rollouts, env, 9)
    stored = rollouts.learner._sample(64).obs.abs()
    assert float(stored.max()) < 20.0


def test_the_first_number_that_is_not_finite_is_found_in_any_container():
    sound = {"a": [torch.ones(2), {"b": 1.0}], "c": (torch.tensor(3), None, "inf")}
    assert first_nonfinite(sound) is None
    assert first_nonfinite({**sound, "d": [1.0, {"e": torch.tensor([0.0, float("inf")])}]}) == "d[1].e"
    assert first_nonfinite({"x": float("nan")}) == "x"
