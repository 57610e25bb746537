# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of the learner, with their defaults and what they accept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from ddpl_isaac.config.accepted import Count, Each, OneOf, Positive, Range, Share, Widths

Features = Annotated[int, Range(0, even=True)]
PolicyClass = Annotated[str, OneOf("diffusion", "gaussian_reverse_kl", "gaussian_forward_kl", "gmm")]


@dataclass
class SamplerConfig:
    """The denoising chain that turns noise into an action (docs/method.md §4)."""

    num_steps: Count = 10
    """Denoising steps H. 20 is more faithful, 10 half the price."""

    schedule: Annotated[str, OneOf("geometric", "cosine")] = "geometric"
    """Noise levels: ``geometric`` has a third of the error of ``cosine`` at H = 10."""

    variance: Annotated[str, OneOf("second_order", "beta", "posterior")] = "second_order"
    """Steps: of second order, or ancestral ones with variance ``beta`` or ``posterior``."""

    precision: Annotated[str, OneOf("float32", "bfloat16")] = "float32"
    """Matrix products of the chain; ``bfloat16`` is for devices that are faster at that."""


@dataclass
class ActorConfig:
    """The policy network of every agent; features and clip are those of the diffusion policy."""

    hidden_dims: Widths = field(default_factory=lambda: [256, 256, 256])
    """Widths of the hidden layers."""

    observation_dims: Annotated[list[int], Each(Range(1), may_be_empty=True)] = field(default_factory=list)
    """Widths of hidden layers for the observation alone; passed once per state, they cost little."""

    time_features: Annotated[int, Range(2, even=True)] = 64
    """Number of learnable Fourier features of the denoising time."""

    action_features: Features = 64
    """Number of learnable Fourier features of the noisy action (0: none)."""

    initial_std: Positive = 0.5
    """Standard deviation of the Gaussian that the untrained policy is, in units of the box half-width."""

    loss_clip: Positive = 3.0
    """Clip of the squared noise-prediction error per action dimension."""

    learning_rate: Positive = 3.0e-4
    """Adam learning rate."""

    ema_decay: Share = 0.995
    """Decay per gradient step of the averaged actor that is evaluated."""


@dataclass
class CriticConfig:
    """The value functions (docs/method.md §3)."""

    kind: Annotated[str, OneOf("central", "factored", "local", "pooled")] = "factored"
    """``factored``: A_i(o_i, a_i) of a central Q; ``central``: Q over the others' actions; ``local``: Q_i(o_i, a_i);
    ``pooled``: a central Q that is one network for all agents, for teams whose members are alike."""

    hidden_dims: Widths = field(default_factory=lambda: [256, 256])
    """Widths of the hidden layers."""

    action_features: Features = 0
    """Number of learnable Fourier features of an action, for games with narrow modes (0: none)."""

    learning_rate: Positive = 3.0e-4
    """Adam learning rate."""

    tau: Annotated[float, Range(0.0, 1.0, open_low=True)] = 0.005
    """Polyak rate of the target network per gradient step."""

    marginal: Annotated[str, OneOf("mean", "lse")] = "mean"
    """How Q is averaged over the other agents' actions; ``lse`` is optimistic."""

    marginal_samples: Count = 2
    """Draws L of the other agents' actions, shared by all candidates. Used by ``central`` and ``pooled``."""


@dataclass
class IssmConfig:
    """Importance sampling score matching (docs/method.md §2)."""

    proposal: Annotated[str, OneOf("policy", "mixture", "transported")] = "mixture"
    """Where candidates come from: ``policy``, ``mixture`` with uniform ones, or that ``transported`` along grad Q."""

    num_candidates: Annotated[int, Range(2)] = 32
    """Candidates M per state and agent; 16 or more for an honest self-normalisation."""

    loss_samples: Count = 16
    """Candidates K drawn by weight for each gradient step and state. Those without weight cost nothing."""

    uniform_share: Share = 0.05
    """Share rho of uniform candidates. Not used by ``policy``."""

    transport_budget: Positive = 3.0
    """Mean KL by which ``transported`` carries every other candidate along the slope of its value [nats]."""

    kl_budget: Positive = 1.5
    """Mean KL(w || uniform) kappa for which eta is solved [nats]; < log(num_candidates)."""

    kl_budget_per_agent: bool = False
    """Divide the budget by the number of agents."""

    eta_range_cap: Positive = 30.0
    """Upper bound of eta times the agent's own range of Qbar."""

    reference_window: Count = 60
    """Actor gradient steps for which the reference policy pi^k stays frozen."""

    reference: Annotated[str, OneOf("averaged", "latest")] = "averaged"
    """Actor that becomes the reference: ``averaged`` keeps equal modes, ``latest`` improves sooner."""

    values: Annotated[str, OneOf("latest", "target")] = "latest"
    """Critic that values candidates; ``target`` is an average with less noise."""


@dataclass
class ReplayConfig:
    """The replay storage."""

    capacity: Count = 400_000
    """Transitions kept over all environments, at least num_envs * (n_step + 2)."""

    batch_size: Count = 512
    """Transitions of a critic gradient step."""

    half_precision: bool = False
    """Store observations, states and actions in half the memory, to three digits and up to 65504."""


@dataclass
class AlgorithmConfig:
    """Decentralized Diffusion Policy Learning."""

    class_name: str = "ddpl_isaac.algorithms.ddpl:DDPL"
    """Learner, as ``module:Class``."""

    policy_class: PolicyClass = "diffusion"
    """Class of the policies; those beside ``diffusion`` are to compare with. ``gmm`` is a mixture of Gaussians."""

    gamma: Share = 0.99
    """Discount."""

    n_step: Count = 3
    """Rewards summed before bootstrapping."""

    warmup_steps_per_env: Annotated[int, Range(0)] = 79
    """Steps of each environment with uniform random actions, in which only the critics learn."""

    critic_updates_per_1000: Positive = 15.625
    """Critic gradient steps per 1000 environment steps, whatever the number of environments."""

    actor_updates_per_1000: Annotated[float, Range(0.0)] = 7.8125
    """Actor gradient steps per 1000 environment steps."""

    actor_batch_size: Count = 128
    """States of an actor gradient step."""

    candidate_reuse: Count = 4
    """Actor gradient steps taken on one set of candidates (1: always fresh)."""

    compile: Annotated[str, OneOf("auto", "eager")] = "auto"
    """``auto``: compile chain and losses, and on a GPU replay acting and gradient steps as CUDA graphs."""

    matmul_precision: Annotated[str, OneOf("high", "highest")] = "high"
    """Float32 products on a GPU: ``high`` rounds their inputs to TF32, 11 significant bits; ``highest`` does not."""

    overlap_learning: bool = True
    """On a CPU, one rank: take the gradient steps in a process beside the environments, one iteration behind."""

    overlap_on_gpu: bool = False
    """The same on a GPU, by a stream beside that of the environments; not measured yet."""

    normalize_obs: bool = True
    """Normalise observations and states by their running mean and variance."""

    clip_obs: Positive = 100.0
    """Largest magnitude of a normalised observation or state."""

    normalize_reward: bool = True
    """Divide rewards by the running standard deviation of the discounted return."""

    max_grad_norm: Positive = 10.0
    """Clip of the gradient norm of each agent's actor, and of the critics together."""

    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    actor: ActorConfig = field(default_factory=ActorConfig)
    critic: CriticConfig = field(default_factory=CriticConfig)
    issm: IssmConfig = field(default_factory=IssmConfig)
    replay: ReplayConfig = field(default_factory=ReplayConfig)
