# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Learning beside collection changes when things happen, not what happens."""

import copy
import threading
import torch

import pytest
from fakes import FakeEnv
from learners import collect, make_learner

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.overlapped_ddpl import OverlappedDDPL
from ddpl_isaac.diffusion.sampler import denoise_step
from ddpl_isaac.models import make_actor

OVERLAP = "agent.algorithm.overlap_learning=true"


def rewards_of(learner, env, iterations):
    """Train and return the reward of every iteration."""
    rewards = []
    for _ in range(iterations):
        rewards.append(collect(learner, env, 2).item())
        learner.update()
    learner.finish()
    return rewards


def weights_of(learner):
    return {name: value.clone() for name, value in learner.actor.state_dict().items()}


def test_whether_to_overlap_is_a_setting():
    env = FakeEnv(num_envs=4)
    assert isinstance(make_learner(env, OVERLAP), OverlappedDDPL)
    assert type(make_learner(env)) is DDPL


def test_a_run_repeats_bit_for_bit_whichever_side_is_faster():
    """The learner's thread is held up in the second run until the rollout is over."""
    results = []
    for slow in (False, True):
        env = FakeEnv(num_envs=16)
        learner = make_learner(env, OVERLAP)
        if slow:
            _hold_up(learner)
        results.append((rewards_of(learner, env, 12), weights_of(learner)))
    assert results[0][0] == results[1][0]
    assert all(torch.equal(value, results[1][1][name]) for name, value in results[0][1].items())


def _hold_up(learner):
    """Let gradient steps begin only when the learner is asked for them again, after the rollout beside them."""
    permits, learn, update, finish = threading.Semaphore(0), learner._learn, learner.update, learner.finish

    def late_learn(**kwargs):
        assert permits.acquire(timeout=60)
        return learn(**kwargs)

    def permitted(function):
        def call():
            if learner._learning is not None:
                permits.release()
            return function()

        return call

    learner._learn, learner.update, learner.finish = late_learn, permitted(update), permitted(finish)


def test_the_environments_are_played_by_the_policies_of_the_iteration_before():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP, "agent.algorithm.warmup_steps=0")
    collect(learner, env, 4)
    before = weights_of(learner)
    assert learner.update() == {}
    learner.finish()
    played = learner.behavior.state_dict()
    assert all(torch.equal(value, before[name]) for name, value in played.items())
    assert any(not torch.equal(value, before[name]) for name, value in weights_of(learner).items())
    collect(learner, env, 4)
    learned = weights_of(learner)
    assert "ISSM/cart/ess" in learner.update()
    assert all(torch.equal(value, learned[name]) for name, value in learner.behavior.state_dict().items())


def test_a_step_is_stored_when_the_learner_is_idle():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    collect(learner, env, 4)
    assert len(learner.storage) == 0
    learner.update()
    assert len(learner.storage) >= 4 * 16
    assert learner.env_steps == 4 * 16


def test_it_learns_what_it_would_learn_otherwise():
    """Uniform actions pay .06 on average and the best joint action 1."""
    env = FakeEnv(num_envs=16)
    rates = "agent.algorithm.actor.learning_rate=0.002", "agent.algorithm.critic.learning_rate=0.002"
    learner = make_learner(env, OVERLAP, *rates, "agent.algorithm.issm.reference_window=16")
    rewards = rewards_of(learner, env, 120)
    assert rewards[0] < 0.4
    assert collect(learner, env, 8) > 0.6


def test_a_restored_learner_goes_on_as_the_saved_one_does():
    env = FakeEnv(num_envs=16)
    learner, restored = make_learner(env, OVERLAP), make_learner(env, OVERLAP)
    rewards_of(learner, env, 6)
    restored.load(copy.deepcopy(learner.save()))
    restored.storage.load_state_dict(learner.storage.state_dict())
    learner.improvement.forget_candidates()  # candidates are drawn anew after a restart
    learner._began = False  # and episodes begin anew
    learner._returns.zero_()
    weights = []
    for one in (learner, restored):
        torch.manual_seed(1)
        rewards_of(one, FakeEnv(num_envs=16), 6)
        weights.append(weights_of(one) | one.behavior.state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())


def test_a_checkpoint_of_a_learner_that_did_not_overlap_can_be_gone_on_from():
    env = FakeEnv(num_envs=16)
    learner, restored = make_learner(env), make_learner(env, OVERLAP)
    rewards_of(learner, env, 3)
    restored.load(learner.save())
    assert all(
        torch.equal(value, learner.actor.state_dict()[name]) for name, value in restored.behavior.state_dict().items()
    )


def test_nothing_is_compiled_in_the_thread(monkeypatch):
    threads = []

    def backend(graph, _):
        threads.append(threading.current_thread())
        return graph.forward

    compiled = torch.compile(denoise_step, fullgraph=True, backend=backend)
    monkeypatch.setattr(make_actor, "make_step_function", lambda *_: compiled)
    env = FakeEnv(num_envs=16)
    torch.compiler.reset()  # torch allows a function only so many compilations in a process
    rewards_of(make_learner(env, OVERLAP), env, 8)
    torch.compiler.reset()
    assert threads
    assert set(threads) == {threading.main_thread()}


def test_an_error_in_the_thread_reaches_the_runner():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    collect(learner, env, 4)
    learner.improvement.step = None
    learner.critic.forward = None
    learner.update()
    with pytest.raises(TypeError):
        learner.update()
