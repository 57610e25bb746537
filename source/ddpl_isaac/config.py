# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Every setting of a training, with its default and its range. Mirrors ``config/ddpl.yaml``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import OmegaConf


def from_dict[Config](schema: type[Config], values: dict[str, Any]) -> Config:
    """Build a configuration from plain containers; missing fields keep their defaults.

    Raises:
        omegaconf.errors.OmegaConfBaseException: If a key or a type does not belong to the schema.
    """
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(schema), values))


@dataclass
class SamplerConfig:
    """The denoising chain that turns noise into an action (docs/method.md §4)."""

    num_steps: int = 10
    """Denoising steps H, >= 1. 20 is more faithful, 10 half the price."""

    schedule: str = "geometric"
    """Noise levels: ``geometric`` (a third of the error of ``cosine`` at H = 10) or ``cosine``."""

    variance: str = "second_order"
    """Steps: ``second_order``, or ancestral ones with variance ``beta`` or ``posterior``."""

    precision: str = "float32"
    """Matrix products of the chain: ``float32``, or ``bfloat16`` where the device is faster at that."""


@dataclass
class ActorConfig:
    """The policy network of every agent; features and clip are those of the diffusion policy."""

    hidden_dims: list[int] = field(default_factory=lambda: [256, 256, 256])
    """Widths of the hidden layers, each >= 1."""

    observation_dims: list[int] = field(default_factory=list)
    """Widths of hidden layers for the observation alone, each >= 1; passed once per state, they cost little."""

    time_features: int = 64
    """Number of learnable Fourier features of the denoising time; even, >= 2."""

    action_features: int = 64
    """Number of learnable Fourier features of the noisy action; even, >= 0 (0: none)."""

    initial_std: float = 0.5
    """Standard deviation of the Gaussian that the untrained policy is, in units of the box half-width; > 0."""

    loss_clip: float = 3.0
    """Clip of the squared noise-prediction error per action dimension; > 0."""

    learning_rate: float = 3.0e-4
    """Adam learning rate, > 0."""

    ema_decay: float = 0.995
    """Decay per gradient step of the averaged actor that is evaluated, in [0, 1)."""


@dataclass
class CriticConfig:
    """The value functions (docs/method.md §3)."""

    kind: str = "factored"
    """``factored``: A_i(o_i, a_i) of a central Q; ``central``: Q over the others' actions; ``local``: Q_i(o_i, a_i)."""

    hidden_dims: list[int] = field(default_factory=lambda: [256, 256])
    """Widths of the hidden layers, each >= 1."""

    action_features: int = 0
    """Number of learnable Fourier features of an action, for games with narrow modes; even, >= 0 (0: none)."""

    learning_rate: float = 3.0e-4
    """Adam learning rate, > 0."""

    tau: float = 0.005
    """Polyak rate of the target network per gradient step, in (0, 1]."""

    marginal: str = "mean"
    """How Q is averaged over the other agents' actions: ``mean``, or the optimistic ``lse``."""

    marginal_samples: int = 2
    """Draws L of the other agents' actions, shared by all candidates; >= 1. Used by ``central``."""


@dataclass
class IssmConfig:
    """Importance sampling score matching (docs/method.md §2)."""

    proposal: str = "mixture"
    """Where candidates come from: ``policy``, ``mixture`` with uniform ones, or that ``transported`` along grad Q."""

    num_candidates: int = 32
    """Candidates M per state and agent; >= 2, 16 or more for an honest self-normalisation."""

    loss_samples: int = 16
    """Candidates K drawn by weight for each gradient step and state; >= 1. Those without weight cost nothing."""

    uniform_share: float = 0.05
    """Share rho of uniform candidates, in [0, 1). Not used by ``policy``."""

    transport_budget: float = 3.0
    """Mean KL by which every other candidate is carried along the slope of its value [nats]; > 0. ``transported``."""

    kl_budget: float = 1.5
    """Mean KL(w || uniform) kappa for which eta is solved [nats]; > 0 and < log(num_candidates)."""

    kl_budget_per_agent: bool = False
    """Divide the budget by the number of agents."""

    eta_range_cap: float = 30.0
    """Upper bound of eta times the agent's own range of Qbar; > 0."""

    reference_window: int = 60
    """Actor gradient steps for which the reference policy pi^k stays frozen; >= 1."""

    reference: str = "averaged"
    """Actor that becomes the reference: ``averaged``, which keeps equal modes, or ``latest``, which improves sooner."""

    values: str = "latest"
    """Critic that values candidates: ``latest``, or ``target``, an average with less noise."""


@dataclass
class ReplayConfig:
    """The replay storage."""

    capacity: int = 400_000
    """Transitions kept over all environments; >= num_envs * (n_step + 2)."""

    batch_size: int = 512
    """Transitions of a critic gradient step; >= 1."""

    half_precision: bool = False
    """Store observations, states and actions in half the memory, to three digits and up to 65504."""


@dataclass
class AlgorithmConfig:
    """Decentralized Diffusion Policy Learning."""

    class_name: str = "ddpl_isaac.algorithms.overlapped_ddpl:OverlappedDDPL"
    """Learner, as ``module:Class``."""

    policy_class: str = "diffusion"
    """``diffusion``; or, to compare with: ``gaussian_reverse_kl``, ``gaussian_forward_kl`` or ``gmm``, a mixture."""

    gamma: float = 0.99
    """Discount, in [0, 1)."""

    n_step: int = 3
    """Rewards summed before bootstrapping; >= 1."""

    warmup_steps: int = 5_000
    """Environment steps of uniform random actions, in which only the critics learn; >= 0."""

    critic_updates: int = 8
    """Critic gradient steps per iteration; >= 1."""

    actor_updates: int = 4
    """Actor gradient steps per iteration; >= 0."""

    actor_batch_size: int = 128
    """States of an actor gradient step; >= 1."""

    candidate_reuse: int = 4
    """Actor gradient steps taken on one set of candidates; >= 1 (1: always fresh)."""

    compile: str = "auto"
    """``auto``: compile chain and losses; ``cuda_graph``: launch the chain at once, too (GPU); ``eager``: neither."""

    overlap_learning: bool = True
    """On a CPU, one rank: take the gradient steps in a process beside the environments, one iteration behind."""

    normalize_obs: bool = True
    """Normalise observations and states by their running mean and variance."""

    clip_obs: float = 100.0
    """Largest magnitude of a normalised observation or state; > 0."""

    normalize_reward: bool = True
    """Divide rewards by the running standard deviation of the discounted return."""

    max_grad_norm: float = 10.0
    """Clip of the gradient norm of each agent's actor, and of the critics together; > 0."""

    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    actor: ActorConfig = field(default_factory=ActorConfig)
    critic: CriticConfig = field(default_factory=CriticConfig)
    issm: IssmConfig = field(default_factory=IssmConfig)
    replay: ReplayConfig = field(default_factory=ReplayConfig)


@dataclass
class PPOConfig:
    """MAPPO and IPPO of skrl, the baselines; sizes, discount and normalisation are those of ``algorithm``."""

    algorithm: str = "MAPPO"
    """``MAPPO``: the critics see the state; ``IPPO``: what their agent sees."""

    rollout_steps: int = 64
    """Environment steps between updates, rounded to whole iterations; >= 1."""

    learning_epochs: int = 5
    """Passes over a rollout; >= 1."""

    mini_batches: int = 4
    """Gradient steps of a pass; >= 1."""

    learning_rate: float = 5.0e-4
    """First learning rate of Adam; the KL of the updates changes it; > 0."""

    target_kl: float = 0.016
    """KL of an update above twice of which the learning rate falls, and below half of which it grows; > 0."""

    gae_lambda: float = 0.95
    """Decay lambda of generalised advantage estimation, in [0, 1]."""

    ratio_clip: float = 0.2
    """Clip of the probability ratio; > 0."""

    entropy_loss_scale: float = 0.0
    """Weight of the entropy bonus; >= 0."""

    value_loss_scale: float = 2.0
    """Weight of the value loss; > 0."""

    max_grad_norm: float = 1.0
    """Clip of the norm of an agent's gradient; > 0."""

    initial_std: float = 0.5
    """Standard deviation of the untrained policy, in units of the box half-width; in (0, 1]."""


@dataclass
class TrainConfig:
    """A training run. ``agent.`` on the command line."""

    class_name: str = "ddpl_isaac.runners.diffusion_actor_runner:DiffusionActorRunner"
    """Runner, as ``module:Class``."""

    experiment_name: str = "default"
    """Folder of the task's runs below ``logs/ddpl``."""

    run_name: str = ""
    """Suffix of the run's folder."""

    seed: int = 1
    """Seed of all random generators; in [0, 4294967295]."""

    num_envs: int = 64
    """Parallel environments; >= 1. The task's file says otherwise, else its environment's configuration."""

    max_iterations: int = 1_000
    """Iterations of collection and learning; >= 1."""

    num_steps_per_env: int = 8
    """Environment steps per iteration and environment; >= 1."""

    max_broken_share: float = 0.1
    """Share in [0, 1] of environments that may break (non-finite or huge numbers) in an iteration; more end the run."""

    max_magnitude: float = 1.0e6
    """Largest magnitude of an observation, a reward or an action's bound; beyond it an environment is broken; > 0."""

    action_bounds: list[float] = field(default_factory=list)
    """Bounds [low, high], each in [-1000000, 1000000], for infinite ones; empty: [-1, 1] where both are infinite."""

    save_interval: int = 50
    """Iterations between checkpoints; >= 1."""

    save_replay: bool = True
    """Store the replay in the checkpoint that ``--checkpoint latest`` resumes from."""

    logger: str = "tensorboard"
    """Writer of the scalars: ``tensorboard``."""

    algorithm: AlgorithmConfig = field(default_factory=AlgorithmConfig)

    ppo: PPOConfig = field(default_factory=PPOConfig)
