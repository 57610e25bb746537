# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Policies are decentralised, masked, reproducible and learnable."""

import copy
import torch
import torch._dynamo.testing

import pytest
from tape import capture_by_tapes

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.diffusion.sampler import denoise_step
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.runtime.compilation import compiled

MASK = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
B, O, D = 5, 4, 3
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(params=[[], [8]], ids=["plain", "encoder"])
def actor(request):
    torch.manual_seed(0)
    cfg = ActorConfig(hidden_dims=[16, 16], observation_dims=request.param)
    actor = DiffusionActor(O, MASK, cfg, SamplerConfig(num_steps=4))
    for parameter in (*actor.denoiser.mlp.layers[-1].parameters(), actor.denoiser.gaussian.layers[-1].weight):
        torch.nn.init.normal_(parameter)  # zero at the start, which would hide every dependence
    return actor


def sample(actor, obs, num_samples=2):
    noise = torch.randn(4, 2, B * num_samples, D, generator=torch.Generator().manual_seed(1))
    return actor.sample_from(obs, noise.to(obs.device), num_samples)


def test_an_agents_action_does_not_depend_on_another_agents_observation(actor):
    obs = torch.randn(B, 2, O)
    before = sample(actor, obs)
    changed = obs.clone()
    changed[:, 1] += 1.0
    after = sample(actor, changed)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1])


def test_samples_of_a_state_are_the_rows_of_that_state(actor):
    obs = torch.randn(B, 2, O)
    many = sample(actor, obs)
    other = obs.clone()
    other[0] += 1.0
    torch.testing.assert_close(sample(actor, other)[:, 1:], many[:, 1:])
    assert not torch.allclose(sample(actor, other)[:, 0], many[:, 0])


def test_padded_dimensions_stay_zero_and_the_rest_in_the_box(actor):
    actions = actor.sample(torch.randn(B, 2, O), 3)
    assert actions.shape == (2, B, 3, D)
    assert actions[0, ..., 2].abs().max() == 0.0
    assert actions.abs().max() <= 1.0


@pytest.mark.parametrize("device", DEVICES)
def test_the_compiled_step_samples_what_the_eager_step_samples_on_the_cpu(actor, device):
    obs = torch.randn(B, 2, O)
    eager = sample(actor, obs)
    actor._step_function = compiled(denoise_step, "auto", device)
    fast = sample(actor.to(device), obs.to(device))
    torch.testing.assert_close(fast.cpu(), eager, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_further_numbers_of_states_compile_nothing_new(actor, device):
    torch.compiler.reset()
    counter = torch._dynamo.testing.CompileCounterWithBackend("inductor")
    actor._step_function = torch.compile(denoise_step, backend=counter, fullgraph=True)
    actor.to(device)
    counts = []
    for batch in (5, 7, 64, 1000, 33):
        actor.sample(torch.randn(batch, 2, O, device=device))
        counts.append(counter.frame_count)
    assert counts[0] >= 1
    assert counts[1:] == [counts[1]] * 4


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("num_samples", [1, 3])
def test_a_graph_draws_what_its_kernels_draw_one_by_one_and_sees_new_weights(monkeypatch, actor, num_samples, device):
    if device == "cpu":
        capture_by_tapes(monkeypatch)
    graphed = copy.deepcopy(actor).to(device)
    graphed._graphs.active = True
    actor.to(device)
    for batch in (B, 2 * B) * 6:
        obs = torch.randn(batch, 2, O, device=device)
        draws = [one.sample(obs, num_samples, torch.Generator(device).manual_seed(1)) for one in (graphed, actor)]
        torch.testing.assert_close(*draws, atol=1e-5, rtol=1e-5)
        for one in (graphed, actor):
            with torch.no_grad():
                one.denoiser.mlp.layers[-1].weight.mul_(0.9)


def test_a_policy_that_was_built_for_a_gpu_acts_on_a_cpu(actor):
    plain = copy.deepcopy(actor)
    actor._graphs.active = True
    for seed in range(5):
        obs = torch.randn(B, 2, O)
        draws = [one.sample(obs, 2, torch.Generator().manual_seed(seed)) for one in (actor, plain)]
        assert torch.equal(*draws)


def test_score_matching_teaches_the_actor_a_target_for_each_state():
    torch.manual_seed(0)
    actor = DiffusionActor(
        1, torch.ones(1, 1), ActorConfig(hidden_dims=[64, 64], loss_clip=9.0), SamplerConfig(num_steps=10)
    )
    optimizer = torch.optim.Adam(actor.parameters(), 3e-3)
    obs = torch.tensor([-1.0, 1.0]).repeat(32).view(-1, 1, 1)
    for _ in range(400):
        actions = (0.5 * obs.view(1, 64, 1, 1) + 0.1 * torch.randn(1, 64, 8, 1)).clamp(-1.0, 1.0)
        optimizer.zero_grad()
        actor.score_matching_loss(obs, actions).sum().backward()
        optimizer.step()
    actions = actor.sample(torch.tensor([[[-1.0]], [[1.0]]]), 500)[0, :, :, 0]
    torch.testing.assert_close(actions.mean(1), torch.tensor([-0.5, 0.5]), atol=0.1, rtol=0.0)
    assert actions.std(1).max() < 0.25


@pytest.mark.parametrize("device", DEVICES)
def test_rounded_products_draw_from_the_same_two_modes(device):
    torch.manual_seed(0)
    settings = torch.ones(1, 1), ActorConfig(hidden_dims=[64, 64], loss_clip=9.0)
    actor = DiffusionActor(1, *settings, SamplerConfig())
    optimizer = torch.optim.Adam(actor.parameters(), 3e-3)
    obs, modes = torch.zeros(64, 1, 1), torch.distributions.Normal(torch.tensor([-0.6, 0.6]), 0.08)
    for _ in range(500):
        actions = modes.sample((64 * 4,)).view(1, 64, 8, 1)
        optimizer.zero_grad()
        actor.score_matching_loss(obs, actions).sum().backward()
        optimizer.step()
    rounded = DiffusionActor(1, *settings, SamplerConfig(precision="bfloat16"))
    rounded.load_state_dict(actor.state_dict())
    edges = torch.linspace(-1.0, 1.0, 41)
    target = modes.cdf(edges[:, None]).mean(1).diff()

    def draw(actor):
        generator = torch.Generator(device).manual_seed(1)
        return actor.to(device).sample(obs[:1].to(device), 100_000, generator).flatten().cpu()

    exact, rough = draw(actor), draw(rounded)
    variation = [0.5 * (a.histogram(edges).hist / len(a) - target).abs().sum() for a in (exact, rough)]
    assert variation[0] < 0.1
    assert abs(variation[1] - variation[0]) < 0.005
    assert 0.0 < (exact - rough).abs().mean() < 0.01


@pytest.mark.parametrize("initial_std", [0.1, 0.3])
def test_the_untrained_policy_is_a_gaussian_of_the_given_deviation(initial_std):
    cfg = ActorConfig(hidden_dims=[16], initial_std=initial_std)
    actor = DiffusionActor(O, MASK, cfg, SamplerConfig(num_steps=20))
    actions = actor.sample(torch.randn(4, 2, O), 5000)[1]
    assert abs(actions.mean()) < 0.01
    assert abs(actions.std() - initial_std) < 0.2 * initial_std
