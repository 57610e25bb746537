# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Learning beside collection changes when things happen, not what happens."""

import copy
import os
import signal
import time
import torch

import pytest
from fakes import FakeEnv
from learners import SMALL, collect, make_learner

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.learner_process import LearnerProcessError
from ddpl_isaac.algorithms.overlapped_ddpl import OverlappedDDPL
from ddpl_isaac.config_loader import load_config

OVERLAP = "agent.algorithm.overlap_learning=true"
ALONE = "agent.algorithm.overlap_learning=false"


def rewards_of(learner, env, iterations):
    """Train and return the reward of every iteration."""
    rewards = []
    for _ in range(iterations):
        rewards.append(collect(learner, env, 2).item())
        learner.update()
    learner.finish()
    return rewards


def _weights(learner):
    return learner.actor.state_dict()


def weights_of(learner):
    return {name: value.clone() for name, value in learner.apply(_weights).items()}


def acting_weights_of(learner):
    return learner.policy.actor.state_dict()


def _num_stored(learner):
    return len(learner.storage)


def test_whether_to_overlap_is_a_setting():
    env = FakeEnv(num_envs=4)
    assert isinstance(make_learner(env, OVERLAP), OverlappedDDPL)
    assert type(make_learner(env)) is DDPL


def test_a_run_repeats_bit_for_bit_whichever_side_is_faster():
    """In the second run the learner has finished before each rollout begins."""
    results = []
    for waits in (False, True):
        env = FakeEnv(num_envs=16)
        learner, rewards = make_learner(env, OVERLAP), []
        for _ in range(12):
            rewards.append(collect(learner, env, 2).item())
            learner.update()
            if waits:
                learner.finish()
        results.append((rewards, weights_of(learner)))
    assert results[0][0] == results[1][0]
    assert all(torch.equal(value, results[1][1][name]) for name, value in results[0][1].items())


def test_the_environments_are_played_by_the_policies_of_the_iteration_before():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP, "agent.algorithm.warmup_steps=0")
    before = weights_of(learner)
    collect(learner, env, 4)
    assert learner.update() == {}
    assert all(torch.equal(value, before[name]) for name, value in acting_weights_of(learner).items())
    collect(learner, env, 4)
    learned = weights_of(learner)
    assert any(not torch.equal(value, before[name]) for name, value in learned.items())
    assert all(torch.equal(value, before[name]) for name, value in acting_weights_of(learner).items())
    assert "ISSM/cart/ess" in learner.update()
    assert all(torch.equal(value, learned[name]) for name, value in acting_weights_of(learner).items())


def test_steps_are_stored_when_the_iteration_ends():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    collect(learner, env, 4)
    assert learner.apply(_num_stored) == 0
    learner.update()
    assert learner.apply(_num_stored) >= 4 * 16
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
    weights = []
    learner = make_learner(env, OVERLAP)
    rewards_of(learner, env, 6)
    saved = copy.deepcopy(learner.save())
    replay = learner.apply(_replay)
    for one in (learner, make_learner(env, OVERLAP)):
        one.load(saved)
        one.apply(_Restore(replay))
        torch.manual_seed(1)
        rewards_of(one, FakeEnv(num_envs=16), 6)
        weights.append(weights_of(one) | {f"acting {name}": value for name, value in acting_weights_of(one).items()})
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert any(not torch.equal(value, saved["modules"]["actor"][name]) for name, value in weights_of(learner).items())


def _replay(learner):
    return learner.storage.state_dict()


class _Restore:
    def __init__(self, replay):
        self.replay = replay

    def __call__(self, learner):
        learner.storage.load_state_dict(self.replay)


def test_a_checkpoint_of_a_learner_that_did_not_overlap_can_be_gone_on_from():
    env = FakeEnv(num_envs=16)
    learner, restored = make_learner(env), make_learner(env, OVERLAP)
    rewards_of(learner, env, 3)
    restored.load(learner.save())
    acting = acting_weights_of(restored)
    assert all(torch.equal(value, acting[name]) for name, value in learner.actor.state_dict().items())


def test_the_averaged_policy_is_that_of_the_learner():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    rewards_of(learner, env, 6)
    averaged = learner.get_policy(averaged=True).actor.state_dict()
    assert all(torch.equal(value, averaged[name]) for name, value in learner.save()["modules"]["averaged"].items())
    assert any(not torch.equal(value, averaged[name]) for name, value in weights_of(learner).items())


def _break(learner):
    learner.critic = None


def _refuse(_):
    raise ValueError("not like this")


def test_an_error_of_the_learner_reaches_the_runner_with_its_traceback():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    collect(learner, env, 4)
    learner.apply(_break)
    learner.update()
    with pytest.raises(RuntimeError, match=r"The learner failed\.(?s:.*)_update_critic"):
        learner.update()
    with pytest.raises(RuntimeError, match="not like this"):  # of the caller's code, so not the user's mistake
        learner.apply(_refuse)


def test_wrong_settings_are_refused_as_without_a_process():
    with pytest.raises(ValueError, match=r"replay\.capacity"):
        make_learner(FakeEnv(num_envs=16), OVERLAP, "agent.algorithm.replay.capacity=40")


def test_a_learner_that_is_killed_ends_the_run_with_one_error():
    env = FakeEnv(num_envs=16)
    learner = make_learner(env, OVERLAP)
    collect(learner, env, 4)
    os.kill(learner.apply(_pid), signal.SIGKILL)
    with pytest.raises(LearnerProcessError, match=r"by signal 9 .* --checkpoint latest"):
        learner.apply(_pid)


@pytest.mark.parametrize(
    ("settings", "device", "started"), [(OVERLAP, "cpu", 1), (OVERLAP, "cuda", 0), (ALONE, "cpu", 0)]
)
def test_the_process_can_be_started_before_there_is_an_environment(settings, device, started):
    cfg = load_config(None, [*SMALL, settings])
    OverlappedDDPL.prepare(cfg.algorithm, device)
    assert len(OverlappedDDPL._spare) == started
    if started:
        prepared = OverlappedDDPL._spare[0]._process.pid
        learner = make_learner(FakeEnv(num_envs=16), settings)
        assert learner.apply(_pid) == prepared
        assert not OverlappedDDPL._spare


@pytest.mark.parametrize("overlap", [OVERLAP, ALONE])
@pytest.mark.parametrize(("compile_by", "started"), [("auto", ["cpu"]), ("eager", [])])
def test_the_compiler_is_started_before_there_is_an_environment(overlap, compile_by, started, monkeypatch):
    asked = []
    monkeypatch.setattr("ddpl_isaac.algorithms.ddpl.start_compiler", asked.append)
    monkeypatch.setattr("ddpl_isaac.algorithms.overlapped_ddpl.LearnerProcess", lambda *_: None)
    monkeypatch.setattr(OverlappedDDPL, "_spare", [])
    cfg = load_config(None, [*SMALL, overlap, f"agent.algorithm.compile={compile_by}"])
    OverlappedDDPL.prepare(cfg.algorithm, "cpu")
    assert asked == started


def _pid(_):
    return os.getpid()


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_process_ends_with_the_learner_and_not_with_a_signal_to_the_job():
    learner = make_learner(FakeEnv(num_envs=16), OVERLAP)
    pid = learner.apply(_pid)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert learner.apply(_pid) == pid
    del learner
    end = time.monotonic() + 60
    while _is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.05)
