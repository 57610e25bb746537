# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The learner learns, waits for nobody, and resumes."""

import copy
import itertools
import torch

import pytest
from fakes import FakeEnv
from host_sync import forbid_host_sync
from learners import collect, make_rollouts
from tape import CountOperators, capture_by_tapes, count_launches, tensors

from ddpl_isaac.algorithms.ddpl import STEPS_AT_ONCE
from ddpl_isaac.algorithms.learner import make_optimizer, restore_optimizer
from ddpl_isaac.algorithms.metrics import by_agent
from ddpl_isaac.envs.guard import NonFiniteError


def assert_learns(env, *overrides):
    """Uniform actions pay .06 on average and the best joint action 1."""
    rates = "agent.algorithm.actor.learning_rate=0.002", "agent.algorithm.critic.learning_rate=0.002"
    rollouts = make_rollouts(env, *overrides, *rates, "agent.algorithm.issm.reference_window=16")
    before = collect(rollouts, env, 4)  # warm-up: uniform actions
    for _ in range(120):
        collect(rollouts, env, 2)
        rollouts.update()
    assert before < 0.4
    assert collect(rollouts, env, 8) > 0.6


@pytest.mark.parametrize("kind", ["central", "factored", "local"])
@pytest.mark.parametrize("proposal", ["policy", "mixture", "transported"])
def test_unlike_agents_learn_their_targets_with_every_proposal_and_critic(proposal, kind):
    env = FakeEnv(num_envs=16, with_state=kind != "local")
    assert_learns(env, f"agent.algorithm.issm.proposal={proposal}", f"agent.algorithm.critic.kind={kind}")


@pytest.mark.parametrize("policy_class", ["gaussian_reverse_kl", "gaussian_forward_kl", "gmm"])
def test_unlike_agents_learn_their_targets_with_every_policy_class(policy_class):
    assert_learns(FakeEnv(num_envs=16), f"agent.algorithm.policy_class={policy_class}")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_neither_a_step_nor_an_update_waits_for_the_device(device):
    env = FakeEnv(num_envs=16, device=device)
    rollouts = make_rollouts(env)
    collect(rollouts, env, 8)
    rollouts.update()
    obs = env.get_observations()
    with forbid_host_sync():
        with torch.inference_mode():
            obs, reward, done, extras = env.step(rollouts.act(obs))
            rollouts.process_env_step(obs, reward, done, extras)
        metrics = rollouts.update()
    assert "ISSM/cart/ess" in metrics


def test_the_diagnostics_of_an_agent_lie_one_level_deep_whatever_it_is_called():
    rollouts = make_rollouts(FakeEnv(num_envs=4))
    rollouts.stack.names = "arm", "arm/ess"
    named = by_agent(rollouts.stack, {"ess": torch.tensor([1.0, 2.0]), "ess/ess": torch.tensor([3.0, 4.0])})
    assert {tag: float(value) for tag, value in named.items()} == {
        "ISSM/arm/ess": 1.0,
        "ISSM/arm%2Fess/ess": 2.0,
        "ISSM/arm/ess/ess": 3.0,
        "ISSM/arm%2Fess/ess/ess": 4.0,
    }


def test_only_the_critics_learn_during_warm_up():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env, "agent.algorithm.warmup_steps_per_env=625")
    collect(rollouts, env, 4)
    learner = rollouts.learner
    actor, critic = [{k: v.clone() for k, v in m.state_dict().items()} for m in (learner.actor, learner.critic)]
    rollouts.update()
    assert all(torch.equal(value, actor[name]) for name, value in learner.actor.state_dict().items())
    assert any(not torch.equal(value, critic[name]) for name, value in learner.critic.state_dict().items())


def test_every_diagnostic_of_every_agent_is_reported():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env)
    collect(rollouts, env, 8)
    metrics = rollouts.update()
    names = {"ess", "ess_p10", "kl_to_uniform", "max_weight", "L4", "edge_share", "candidate_std", "eta", "qbar_spread"}
    for agent, dims in (("cart", 1), ("pole", 2)):
        assert {f"ISSM/{agent}/{name}" for name in names} <= set(metrics)
        assert sum(key.startswith(f"ISSM/{agent}/candidate_std_dim/") for key in metrics) == dims
    assert all(value.shape == () and value.isfinite() for value in metrics.values())


def test_the_reference_is_frozen_for_a_window_of_actor_steps():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(
        env, "agent.algorithm.issm.reference_window=3", "agent.algorithm.actor_updates_per_1000=7.8125"
    )
    collect(rollouts, env, 8)
    weights = []
    for _ in range(5):
        rollouts.update()
        weights.append(rollouts.learner.improvement.reference.denoiser.mlp.layers[0].weight.clone())
    same = [torch.equal(one, other) for one, other in itertools.pairwise(weights)]
    assert same == [True, True, False, True]


@pytest.mark.parametrize(("values", "knows_nothing"), [("latest", False), ("target", True)])
def test_candidates_are_valued_by_the_critic_that_the_settings_name(values, knows_nothing):
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env, f"agent.algorithm.issm.values={values}", "agent.algorithm.critic.tau=1.0e-9")
    collect(rollouts, env, 8)
    with torch.no_grad():
        for parameter in rollouts.learner.target_critic.parameters():
            parameter.zero_()
    spread = rollouts.update()["ISSM/cart/qbar_spread"]
    assert (spread < 1e-6) == knows_nothing


def test_a_restored_learner_goes_on_as_the_saved_one_would_have():
    env = FakeEnv(num_envs=16)
    rollouts, restored = make_rollouts(env), make_rollouts(env)
    collect(rollouts, env, 8)
    for _ in range(3):
        rollouts.update()
    restored.load(copy.deepcopy(rollouts.save()))
    restored.learner.storage.load_state_dict(rollouts.learner.storage.state_dict())
    rollouts.learner.improvement.forget_candidates()  # candidates are drawn anew after a restart
    results = []
    for one in (rollouts, restored):
        torch.manual_seed(1)
        results.append(one.update())
    assert results[0].keys() == results[1].keys()
    assert all(torch.equal(value, results[1][name]) for name, value in results[0].items())


def test_an_optimiser_goes_on_from_saved_moments_by_its_own_settings():
    """Those of an older checkpoint could not be captured as a graph."""
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(3)]
    saved = torch.optim.Adam(weights[:1], 0.5, fused=True)
    kept, restored = (make_optimizer([weight], 0.25) for weight in weights[1:])
    for weight, optimizer in zip(weights[:2], (saved, kept), strict=True):
        weight.grad = torch.tensor([1.0, -2.0])
        optimizer.step()
    restore_optimizer(restored, saved.state_dict())
    assert restored.param_groups[0]["capturable"]
    with torch.no_grad():
        weights[2].copy_(weights[1])
    for weight, optimizer in zip(weights[1:], (kept, restored), strict=True):
        weight.grad = torch.tensor([3.0, 1.0])
        optimizer.step()
    assert torch.equal(weights[1], weights[2])


def test_too_many_broken_environments_stop_the_run_before_anything_is_learned_from_them():
    env = FakeEnv(num_envs=4, nonfinite_at=(2, 1, "pole"))
    rollouts = make_rollouts(env)  # of four environments not one may break
    collect(rollouts, env, 4)
    with pytest.raises(NonFiniteError, match=r"environment 1 .* step 2"):
        rollouts.compute_returns(env.get_observations())


def test_critic_steps_share_one_call_of_the_chain_and_each_has_its_own_transitions_and_actions():
    env = FakeEnv(num_envs=16)
    rollouts = make_rollouts(env)
    collect(rollouts, env, 8)
    learner = rollouts.learner
    calls, batches = [], []
    sample, update_critic = learner.actor.sample, learner._update_critic
    learner.actor.sample = lambda obs, *args, **kwargs: calls.append(len(obs)) or sample(obs, *args, **kwargs)
    learner._update_critic = lambda *batch: batches.append(batch) or update_critic(*batch)
    learner.critic_updates_due = lambda _: STEPS_AT_ONCE + 3
    learner.update(learner.steps_per_iteration, critics_alone=True)
    size = rollouts.cfg.replay.batch_size
    assert calls == [STEPS_AT_ONCE * size, 3 * size]
    assert [len(batch.reward) for batch, _ in batches] == [size] * (STEPS_AT_ONCE + 3)
    assert batches[0][1].shape == batches[0][0].action.shape
    assert not torch.equal(batches[0][0].obs, batches[1][0].obs)
    assert not torch.equal(batches[0][1], batches[1][1])


def activate_graphs(learner, active):
    """Have a learner capture its functions or not; a Gaussian has no chain to capture."""
    for part in (learner, learner.actor):
        if hasattr(part, "_graphs"):
            part._graphs.active = active


def check_what_is_captured(captured, policy_class):
    """Critic steps with two counts, and candidates of two kinds but those of a reverse KL."""
    chain = {"sample_from"} if policy_class == "diffusion" else set()
    actor_steps = set() if policy_class == "gaussian_reverse_kl" else {"_refresh", "_fit"}
    assert set(captured) == {"_critic_steps", "_record"} | actor_steps | chain
    assert captured.count("_critic_steps") == 2
    assert captured.count("_refresh") == len(actor_steps)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize(
    ("kind", "proposal", "policy_class"),
    [
        ("central", "mixture", "diffusion"),
        ("factored", "transported", "diffusion"),
        ("pooled", "transported", "diffusion"),
        ("factored", "mixture", "gaussian_forward_kl"),
        ("central", "mixture", "gmm"),
        ("central", "mixture", "gaussian_reverse_kl"),
    ],
)
def test_graphs_do_what_their_functions_do(monkeypatch, kind, proposal, policy_class, device):
    """Each function is replayed with other counts, windows, candidates, weights, averages and random numbers."""
    captured = capture_by_tapes(monkeypatch) if device == "cpu" else None
    settings = f"critic.kind={kind}", f"issm.proposal={proposal}", "issm.reference_window=4", "candidate_reuse=2"
    settings += (f"policy_class={policy_class}",)
    settings += "critic_updates_per_1000=20", "actor_updates_per_1000=20"  # 2 or 3 of 128 environment steps
    results, states = [], []
    for active in (True, False):
        env = FakeEnv(num_envs=16, device=device)
        rollouts = make_rollouts(env, *(f"agent.algorithm.{setting}" for setting in settings))
        learner = rollouts.learner
        activate_graphs(learner, active)
        collect(rollouts, env, 8)
        metrics = []
        for _ in range(14):
            collect(rollouts, env, 1)
            metrics.append(rollouts.update())
        results.append(metrics)
        states.append(learner.save())
    if captured is not None:
        check_what_is_captured(captured, policy_class)
    exact = {"atol": 0.0, "rtol": 0.0} if device == "cpu" else {"atol": 1e-3, "rtol": 1e-3}
    for fast, plain in zip(*results, strict=True):
        assert fast.keys() == plain.keys()
        for name, value in plain.items():
            torch.testing.assert_close(fast[name], value, msg=name, **exact)
    for part in ("modules", "optimizers"):
        leaves = [tensors(state[part]) for state in states]
        assert len(leaves[0]) > 4
        for pair in zip(*leaves, strict=True):
            torch.testing.assert_close(*pair, **exact)
    for name, value in states[0]["tensors"].items():
        torch.testing.assert_close(states[1]["tensors"][name], value, msg=name, **exact)


def test_an_update_is_a_few_launches(monkeypatch):
    capture_by_tapes(monkeypatch)
    env = FakeEnv(num_envs=16)
    settings = "critic_updates_per_1000=62.5", "actor_updates_per_1000=31.25"  # 8 and 4 of 128 environment steps
    settings += "candidate_reuse=4", "issm.reference_window=4"
    rollouts = make_rollouts(env, *(f"agent.algorithm.{setting}" for setting in settings))
    learner = rollouts.learner
    collect(rollouts, env, 8)
    plain = CountOperators()
    with plain:
        rollouts.update()
    learner._graphs.active = True
    for _ in range(4):
        collect(rollouts, env, 1)
        rollouts.update()
    with count_launches(monkeypatch) as launches, CountOperators() as others:
        rollouts.update()
    assert len(launches) == 1 + 1 + 4  # eight critic steps, candidates, four actor steps
    assert others.count < 20
    assert plain.count > 20 * others.count


def test_a_learner_is_captured_anew_when_it_has_been_loaded(monkeypatch):
    captured = capture_by_tapes(monkeypatch)
    ends = []
    for active in (True, False):
        env = FakeEnv(num_envs=16)
        rollouts = make_rollouts(env)
        rollouts.learner._graphs.active = active
        collect(rollouts, env, 8)
        for repetition in range(2):
            for _ in range(6):
                rollouts.update()
            if repetition == 0:
                rollouts.load(copy.deepcopy(rollouts.save()))
        ends.append(rollouts.save())
    assert captured.count("_fit") == 2
    for part in ("modules", "tensors", "optimizers"):
        assert all(torch.equal(*pair) for pair in zip(*(tensors(end[part]) for end in ends), strict=True))


def test_compiled_losses_are_those_of_the_eager_ones():
    results = []
    for mode in ("eager", "auto"):
        env = FakeEnv(num_envs=16)
        rollouts = make_rollouts(env, f"agent.algorithm.compile={mode}")
        collect(rollouts, env, 8)
        results.append([rollouts.update() for _ in range(3)])
    for eager, fast in zip(*results, strict=True):
        for name, value in eager.items():
            torch.testing.assert_close(fast[name], value, atol=1e-4, rtol=1e-3, msg=name)
