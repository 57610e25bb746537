# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Acting, mending and recording as CUDA graphs do what they do without, and nothing that they return is overwritten."""

import torch

import pytest
from fakes import FakeEnv
from learners import make_rollouts
from tape import CountOperators, capture_by_tapes, count_launches, tensors

from ddpl_isaac.algorithms import overlap
from ddpl_isaac.algorithms.learner_stream import LearnerStream

WARM_UP, CALLS_BEFORE_REPLAYS = 4, 4
"""Steps with uniform actions, and calls of a function before it is replayed."""


class BreakingEnv(FakeEnv):
    """Breaks again and again, and says nothing of last observations and metrics in steps that end no episode."""

    def step(self, actions):
        """Step, breaking another entry of another environment in every third step."""
        entry = ("cart", "state" if self.state_dim else "pole", "reward")[self.steps_done // 3 % 3]
        self.nonfinite_at = (self.steps_done // 3 * 3, self.steps_done % self.num_envs, entry)
        obs, reward, done, extras = super().step(actions)
        if not done.any():
            del extras["final_obs"], extras["metrics"]
        return obs, reward, done, extras


def activate(rollouts):
    """Have everything captured in a rollout that would be on a GPU."""
    learner = rollouts.learner
    for part in (rollouts, rollouts.guard, learner, learner.policy, learner.policy.actor):
        if hasattr(part, "_graphs"):  # a Gaussian has no chain, and what overlaps keeps its steps
            part._graphs.active = True


def play(rollouts, env, num_steps):
    """Return all that leaves a rollout's steps, as it is when they are over."""
    kept, record = [], rollouts.learner.record
    rollouts.learner.record = lambda step: kept.append(step) or record(step)
    obs = env.get_observations()
    for number in range(num_steps):
        with torch.inference_mode():
            actions = rollouts.act(obs)
            obs, reward, done, extras = env.step(actions)
            rollouts.process_env_step(obs, reward, done, extras)
        entries = [dict(obs.items()), dict(extras.pop("final_obs").items())]
        kept.append((actions, reward, done, extras, entries, env.restarting))
        if number % 8 == 7:
            kept.append(rollouts.guard.snapshot()["broken_steps"].clone())
            rollouts.guard.check()
    kept.append((rollouts.guard.snapshot(), rollouts.guard.steps))
    return kept


def assert_equal(one, other, exact):
    """Compare all tensors in nested containers; what is no number is equal, too."""
    pairs = list(zip(tensors(one), tensors(other), strict=True))
    assert len(pairs) > 100
    for pair in pairs:
        torch.testing.assert_close(*pair, equal_nan=True, **exact)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(
    ("policy_class", "overlaps", "with_state"),
    [
        ("diffusion", False, True),
        ("diffusion", True, False),
        ("gmm", False, False),
        ("gaussian_reverse_kl", True, True),
    ],
)
def test_captured_steps_are_those_that_are_not(monkeypatch, policy_class, overlaps, with_state, device):
    """Episodes end, time out, break, and start anew; steps with and without last observations alternate."""
    monkeypatch.setattr(overlap, "take_process", lambda *_: LearnerStream("cpu"))
    captured = capture_by_tapes(monkeypatch) if device == "cpu" else []
    settings = [f"agent.algorithm.policy_class={policy_class}"]
    settings += [f"agent.algorithm.{where}={overlaps}" for where in ("overlap_learning", "overlap_on_gpu")]
    results = []
    for active in (True, False):
        env = BreakingEnv(num_envs=5, device=device, with_state=with_state)
        rollouts = make_rollouts(env, *settings, "agent.max_broken_share=1.0")
        if active:
            activate(rollouts)
        results.append(play(rollouts, env, 40))
    steps = [entry for entry in results[1] if len(entry) == 6]
    ended, breaks = (torch.stack([step[i] for step in steps]).any(1) for i in (2, 5))
    assert ended.any()
    assert not ended.all()  # some steps come without last observations
    assert breaks[20:].sum() > 3
    if device == "cpu":
        assert {"_actions", "_mend", "_stacked"} <= set(captured)
        assert captured.count("_mend") == 2
    assert_equal(*results, {"atol": 0.0, "rtol": 0.0} if device == "cpu" else {"atol": 1e-3, "rtol": 1e-3})


def test_a_step_is_a_few_launches(monkeypatch):
    capture_by_tapes(monkeypatch)
    env = FakeEnv(num_envs=16)
    rollouts, plain_rollouts = make_rollouts(env), make_rollouts(env)
    activate(rollouts)
    for one in (rollouts, plain_rollouts):
        play(one, env, WARM_UP + CALLS_BEFORE_REPLAYS)
    counts, launches = [], []
    for one in (rollouts, plain_rollouts):
        operators, obs = CountOperators(), env.get_observations()
        with torch.inference_mode(), count_launches(monkeypatch) as launched:
            with operators:
                actions = one.act(obs)
            step = env.step(actions)
            with operators:
                one.process_env_step(*step)
        counts.append(operators.count)
        launches.append(len(launched))
    assert launches == [4, 0]  # acting, mending, stacking, recording
    assert counts[0] < 20
    assert counts[1] > 15 * counts[0]


def test_episodes_that_begin_anew_are_mended_by_the_same_graph(monkeypatch):
    """What was sound last is that of the new episodes, and steps are counted on."""
    captured = capture_by_tapes(monkeypatch)
    results = []
    for active in (True, False):
        env = BreakingEnv(num_envs=5)
        rollouts = make_rollouts(env, "agent.max_broken_share=1.0")
        if active:
            activate(rollouts)
        kept = play(rollouts, env, 16)
        rollouts.load(rollouts.save())
        env.reset()
        results.append(kept + play(rollouts, env, 16))
    assert captured.count("_mend") == 2
    assert_equal(*results, {"atol": 0.0, "rtol": 0.0})
