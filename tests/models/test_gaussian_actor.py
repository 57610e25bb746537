# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Each class of Gaussians starts alike, is decentralised, masked, and projects as its name says (docs/method.md §5)."""

import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

import pytest

from ddpl_isaac.config import ActorConfig
from ddpl_isaac.models.actor import MirrorStep
from ddpl_isaac.models.gaussian_actor import GaussianForwardActor, GaussianReverseActor, MixtureActor

MASK = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
A, B, O, M, D = 2, 5, 4, 6, 3
MODES = (-0.6, 0.5)
CLASSES = (GaussianForwardActor, GaussianReverseActor, MixtureActor)


def make(actor_class, mask=MASK, obs_dim=O, initial_std=0.3, trained=True, observation_dims=()):
    torch.manual_seed(0)
    actor = actor_class(obs_dim, mask, ActorConfig([16, 16], list(observation_dims), initial_std=initial_std))
    if trained:
        torch.nn.init.normal_(actor.mlp.layers[-1].weight, std=0.3)  # zero at the start, which hides every dependence
    return actor


@pytest.mark.parametrize("actor_class", CLASSES)
def test_every_class_starts_at_the_same_mean_and_deviation(actor_class):
    actor = make(actor_class, torch.ones(64, 3), initial_std=0.2, trained=False)
    actions = actor.sample(torch.randn(2, 64, O), 2000)
    assert abs(actions.mean()) < 0.02
    assert abs(actions.square().mean().sqrt() - 0.2) < 0.01


@pytest.mark.parametrize("observation_dims", [(), (8,)])
@pytest.mark.parametrize("actor_class", CLASSES)
def test_agents_see_their_own_observation_and_padding_stays_zero(actor_class, observation_dims):
    actor = make(actor_class, observation_dims=observation_dims)
    obs = torch.randn(B, A, O)
    changed = obs.clone()
    changed[:, 1] += 1.0
    torch.manual_seed(1)
    before = actor.sample(obs, M)
    torch.manual_seed(1)
    after = actor.sample(changed, M)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1])
    assert before.shape == (A, B, M, D)
    assert before[0, ..., 2].abs().max() == 0.0
    assert before.abs().max() <= 1.0


def test_the_density_is_that_of_the_mixture_in_the_agents_own_dimensions():
    actor, obs, actions = make(MixtureActor), torch.randn(B, A, O), torch.rand(A, B, M, D) * 2.0 - 1.0
    mean, log_std, log_share = actor.components(obs)
    for i, dims in enumerate((2, 3)):
        parts = Independent(Normal(mean[i, ..., :dims], log_std[i, ..., :dims].exp()), 1)
        truth = MixtureSameFamily(Categorical(logits=log_share[i]), parts)
        expected = truth.log_prob(actions[i, ..., :dims].transpose(0, 1)).T
        torch.testing.assert_close(actor.log_prob(obs, actions)[i], expected)


def fit(actor_class, steps=600):
    """Project exp(16 Qbar) N(0, .5^2), which has two modes near -.6 and .5, onto a class; return its samples."""
    actor = make(actor_class, torch.ones(1, 1), 1, 0.5, trained=False)
    reference = make(actor_class, torch.ones(1, 1), 1, 0.5, trained=False).requires_grad_(False)
    optimizer = torch.optim.Adam(actor.parameters(), 1e-2)
    obs = torch.ones(8, 1, 1)

    def qbar(action):
        return sum(torch.exp(-(action[..., 0] - mode).square() / (2 * 0.15**2)) for mode in MODES)

    for _ in range(steps):
        candidates = reference.sample(obs, 64)
        weights = (16.0 * qbar(candidates)).softmax(-1)
        index = weights[0].multinomial(32, replacement=True)
        drawn = candidates[0].gather(1, index.unsqueeze(-1)).unsqueeze(0)
        optimizer.zero_grad()
        actor.loss(MirrorStep(obs, drawn, reference, torch.tensor([16.0]), qbar)).sum().backward()
        optimizer.step()
    return actor.sample(obs[:1], 4000).flatten()


def test_the_reverse_kl_seeks_one_mode_the_forward_kl_covers_both_and_only_the_mixture_has_both():
    reverse, forward, mixture = (fit(c) for c in (GaussianReverseActor, GaussianForwardActor, MixtureActor))
    assert reverse.mean().abs() > 0.4
    assert reverse.std() < 0.3
    assert forward.mean().abs() < 0.15
    assert forward.std() > 0.45
    near = [((mixture - mode).abs() < 0.3).float().mean() for mode in MODES]
    assert min(near) > 0.3
    assert sum(near) > 0.8
