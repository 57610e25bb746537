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
from learners import SMALL, collect, make_rollouts

from ddpl_isaac.algorithms import learner_process, overlap
from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.learner_process import LearnerProcessError
from ddpl_isaac.algorithms.learner_stream import LearnerStream
from ddpl_isaac.algorithms.make_learner import start_ahead
from ddpl_isaac.algorithms.overlap import Overlapped
from ddpl_isaac.config.loader import load_config

OVERLAP = "agent.algorithm.overlap_learning=true"
ON_GPU = "agent.algorithm.overlap_on_gpu=true"
ALONE = "agent.algorithm.overlap_learning=false"


@pytest.fixture(params=["process", "stream", pytest.param("gpu", marks=pytest.mark.gpu)])
def device(request, monkeypatch):
    """Have the learner live in a process, or with a stream: on a GPU, or on the CPU where the stream is none."""
    if request.param == "stream":
        monkeypatch.setattr(overlap, "take_process", lambda *_: LearnerStream("cpu"))
    return "cuda" if request.param == "gpu" else "cpu"


def rewards_of(rollouts, env, iterations):
    """Train and return the reward of every iteration."""
    rewards = []
    for _ in range(iterations):
        rewards.append(collect(rollouts, env, 2).item())
        rollouts.update()
    wait_for(rollouts)
    return rewards


def wait_for(rollouts):
    """Wait for the gradient steps under way."""
    rollouts.train_mode()


def _weights(learner):
    return learner.actor.state_dict()


def weights_of(rollouts):
    return {name: value.clone() for name, value in rollouts.learner.ask(_weights).items()}


def acting_weights_of(rollouts):
    return rollouts.get_policy().actor.state_dict()


def _num_stored(learner):
    return len(learner.storage)


def test_whether_to_overlap_is_a_setting():
    env = FakeEnv(num_envs=4)
    assert type(make_rollouts(env, OVERLAP).learner) is Overlapped
    assert type(make_rollouts(env).learner) is DDPL


def test_a_run_repeats_bit_for_bit_whichever_side_is_faster(device):
    """In the second run the learner has finished before each rollout begins."""
    results = []
    for waits in (False, True):
        env = FakeEnv(num_envs=16, device=device)
        rollouts, rewards = make_rollouts(env, OVERLAP, ON_GPU), []
        for _ in range(12):
            rewards.append(collect(rollouts, env, 2).item())
            rollouts.update()
            if waits:
                wait_for(rollouts)
        results.append((rewards, weights_of(rollouts)))
    assert results[0][0] == results[1][0]
    assert all(torch.equal(value, results[1][1][name]) for name, value in results[0][1].items())


def test_the_environments_are_played_by_the_policies_of_the_iteration_before(device):
    env = FakeEnv(num_envs=16, device=device)
    rollouts = make_rollouts(env, OVERLAP, ON_GPU, "agent.algorithm.warmup_steps_per_env=0")
    before = weights_of(rollouts)
    collect(rollouts, env, 4)
    assert rollouts.update() == {}
    assert all(torch.equal(value, before[name]) for name, value in acting_weights_of(rollouts).items())
    collect(rollouts, env, 4)
    learned = weights_of(rollouts)
    assert any(not torch.equal(value, before[name]) for name, value in learned.items())
    assert all(torch.equal(value, before[name]) for name, value in acting_weights_of(rollouts).items())
    assert "ISSM/cart/ess" in rollouts.update()
    assert all(torch.equal(value, learned[name]) for name, value in acting_weights_of(rollouts).items())


def test_steps_are_stored_when_the_iteration_ends(device):
    env = FakeEnv(num_envs=16, device=device)
    rollouts = make_rollouts(env, OVERLAP, ON_GPU)
    collect(rollouts, env, 4)
    assert rollouts.learner.ask(_num_stored) == 0
    rollouts.update()
    assert rollouts.learner.ask(_num_stored) >= 4 * 16
    assert rollouts.env_steps == 4 * 16


def test_it_learns_what_it_would_learn_otherwise(device):
    """Uniform actions pay .06 on average and the best joint action 1."""
    env = FakeEnv(num_envs=16, device=device)
    rates = "agent.algorithm.actor.learning_rate=0.002", "agent.algorithm.critic.learning_rate=0.002"
    rollouts = make_rollouts(env, OVERLAP, ON_GPU, *rates, "agent.algorithm.issm.reference_window=16")
    rewards = rewards_of(rollouts, env, 120)
    assert rewards[0] < 0.4
    assert collect(rollouts, env, 8) > 0.6


def test_a_restored_learner_goes_on_as_the_saved_one_does(device):
    env = FakeEnv(num_envs=16, device=device)
    weights = []
    rollouts = make_rollouts(env, OVERLAP, ON_GPU)
    rewards_of(rollouts, env, 6)
    saved = copy.deepcopy(rollouts.save())
    replay = copy.deepcopy(rollouts.learner.ask(_replay))
    for one in (rollouts, make_rollouts(env, OVERLAP, ON_GPU)):
        one.load(copy.deepcopy(saved))
        one.learner.ask(_Restore(copy.deepcopy(replay)))
        torch.manual_seed(1)
        rewards_of(one, FakeEnv(num_envs=16, device=device), 6)
        weights.append(weights_of(one) | {f"acting {name}": value for name, value in acting_weights_of(one).items()})
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert any(not torch.equal(value, saved["modules"]["actor"][name]) for name, value in weights_of(rollouts).items())


def _replay(learner):
    return learner.storage.state_dict()


class _Restore:
    def __init__(self, replay):
        self.replay = replay

    def __call__(self, learner):
        learner.storage.load_state_dict(self.replay)


def test_a_checkpoint_of_a_learner_that_did_not_overlap_can_be_gone_on_from(device):
    env = FakeEnv(num_envs=16, device=device)
    rollouts, restored = make_rollouts(env), make_rollouts(env, OVERLAP, ON_GPU)
    rewards_of(rollouts, env, 3)
    restored.load(rollouts.save())
    acting = acting_weights_of(restored)
    assert all(torch.equal(value, acting[name]) for name, value in rollouts.learner.actor.state_dict().items())


def test_the_averaged_policy_is_that_of_the_learner(device):
    env = FakeEnv(num_envs=16, device=device)
    rollouts = make_rollouts(env, OVERLAP, ON_GPU)
    rewards_of(rollouts, env, 6)
    averaged = rollouts.get_policy(averaged=True).actor.state_dict()
    assert all(torch.equal(value, averaged[name]) for name, value in rollouts.save()["modules"]["averaged"].items())
    assert any(not torch.equal(value, averaged[name]) for name, value in weights_of(rollouts).items())


def _break(learner):
    learner.critic = None


def _refuse(_):
    raise ValueError("not like this")


def test_an_error_of_the_learner_reaches_the_runner_with_its_traceback():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env, OVERLAP)
    collect(rollouts, env, 4)
    rollouts.learner.ask(_break)
    rollouts.update()
    with pytest.raises(RuntimeError, match=r"The learner failed\.(?s:.*)_update_critic"):
        rollouts.update()
    with pytest.raises(RuntimeError, match="not like this"):  # of the caller's code, so not the user's mistake
        rollouts.learner.ask(_refuse)


def test_wrong_settings_are_refused_as_without_a_process(device):
    with pytest.raises(ValueError, match=r"replay\.capacity"):
        make_rollouts(FakeEnv(num_envs=16, device=device), OVERLAP, ON_GPU, "agent.algorithm.replay.capacity=40")


def test_a_learner_that_is_killed_ends_the_run_with_one_error():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env, OVERLAP)
    collect(rollouts, env, 4)
    os.kill(rollouts.learner.ask(_pid), signal.SIGKILL)
    with pytest.raises(LearnerProcessError, match=r"by signal 9 .* --checkpoint latest"):
        rollouts.learner.ask(_pid)


@pytest.mark.parametrize(
    ("settings", "device", "started"), [(OVERLAP, "cpu", 1), (ON_GPU, "cuda", 0), (ALONE, "cpu", 0)]
)
def test_the_process_can_be_started_before_there_is_an_environment(settings, device, started):
    cfg = load_config(None, [*SMALL, settings])
    start_ahead(cfg, device)
    assert len(learner_process._started) == started
    if started:
        prepared = learner_process._started[0]._process.pid
        rollouts = make_rollouts(FakeEnv(num_envs=16), settings)
        assert rollouts.learner.ask(_pid) == prepared
        assert not learner_process._started


@pytest.mark.parametrize("overlap", [OVERLAP, ALONE])
@pytest.mark.parametrize(("compile_by", "started"), [("auto", ["cpu"]), ("eager", [])])
def test_the_compiler_is_started_before_there_is_an_environment(overlap, compile_by, started, monkeypatch):
    asked = []
    monkeypatch.setattr("ddpl_isaac.algorithms.make_learner.start_compiler", asked.append)
    monkeypatch.setattr("ddpl_isaac.algorithms.make_learner.start_process", lambda _: None)
    cfg = load_config(None, [*SMALL, overlap, f"agent.algorithm.compile={compile_by}"])
    start_ahead(cfg, "cpu")
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
    rollouts = make_rollouts(FakeEnv(num_envs=16), OVERLAP)
    pid = rollouts.learner.ask(_pid)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert rollouts.learner.ask(_pid) == pid
    del rollouts
    end = time.monotonic() + 60
    while _is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.05)
