# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""One agent cut out of the stack: its own observation and noise in, its own action out, with nothing padded.

Shapes: B states, o and d the agent's own sizes of observation and action, H denoising steps, W width.
"""

from __future__ import annotations

import torch
from torch import nn

from ddpl_isaac.config import ActorConfig, AlgorithmConfig
from ddpl_isaac.diffusion.sampler import ddpm_sample
from ddpl_isaac.diffusion.schedule import Schedule
from ddpl_isaac.errors import UserError
from ddpl_isaac.models.denoiser import Denoiser
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.normalizer import normalize, normalizer_constants
from ddpl_isaac.models.policy import JointPolicy


class ExportError(UserError):
    """A policy cannot be exported. The message says why and what to do."""


class AgentPolicy(nn.Module):
    """The normaliser, the whole denoising chain and the action limits of one agent, as one deterministic function."""

    obs_mean: torch.Tensor
    """Subtracted from the observation. Shape: (o,)."""

    obs_std: torch.Tensor
    """What the difference is divided by. Shape: (o,)."""

    obs_bound: torch.Tensor
    """Where the quotient is clipped; 0 for a column that never varied in training. Shape: (o,)."""

    action_center: torch.Tensor
    """Middle of the action's limits. Shape: (d,)."""

    action_half_width: torch.Tensor
    """Half the distance between them. Shape: (d,)."""

    time_table: torch.Tensor
    """Projected time of every step. Shape: (H, W)."""

    schedule_signal: torch.Tensor
    """alpha of every step. Shape: (H,)."""

    schedule_noise: torch.Tensor
    """sigma of every step. Shape: (H,)."""

    def __init__(self, policy: JointPolicy, index: int, cfg: ActorConfig) -> None:
        """Copy what belongs to an agent.

        Args:
            policy: Policy of all agents, made of diffusion policies (:func:`check_class`), on the CPU.
            index: Place of the agent among them.
            cfg: Networks of the policy.
        """
        super().__init__()
        stack, actor = policy.stack, policy.actor
        assert isinstance(actor, DiffusionActor)
        self.name = stack.names[index]
        self.obs_dim, self.action_dim = stack.obs_dims[index], stack.action_dims[index]
        self.denoiser = Denoiser(self.obs_dim, torch.ones(1, self.action_dim), actor.schedule, cfg)
        self.denoiser.load_state_dict(own_weights(actor.denoiser, index, self.obs_dim, self.action_dim))
        self.requires_grad_(False)
        size = policy.stack.num_agents, policy.stack.obs_dim
        normalizer = {name: value.expand(size) for name, value in normalizer_constants(policy.normalizer).items()}
        center, half_width = (row[index, : self.action_dim] for row in (stack._center, stack._half_width))
        constants = {f"obs_{name}": value[index, : self.obs_dim] for name, value in normalizer.items()}
        constants |= {"action_center": center, "action_half_width": half_width}
        constants |= {f"schedule_{name}": value for name, value in actor.schedule._asdict().items()}
        # constants of the trained network
        constants["time_table"] = self.denoiser.time_table()[0]
        for name, value in constants.items():
            self.register_buffer(name, value.clone())
        self.eval()

    @property
    def schedule(self) -> Schedule:
        """Coefficients of the chain. Shape of each: (H,)."""
        return Schedule(*(getattr(self, f"schedule_{name}") for name in Schedule._fields))

    def forward(self, observation: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Turn an observation and noise into an action in the environment's units.

        Args:
            observation: Observation as the environment gives it. Shape: (B, o).
            noise: Standard normal noise; row 0 starts the chain, row k is added after its k-th step, the last step
                adds none. Shape: (H, B, d).

        Returns:
            Action within its limits. Shape: (B, d).
        """
        normalized = normalize(observation, self.obs_mean, self.obs_std, self.obs_bound)
        encoded = self.denoiser.encode(normalized.unsqueeze(0))
        levels = (self.time_table[:, None, None], self.schedule_signal, self.schedule_noise)
        conditioning = [(encoded, *level) for level in zip(*(table.unbind() for table in levels), strict=True)]
        action = ddpm_sample(self.denoiser, self.schedule, noise.unsqueeze(1), conditioning)[0]
        return self.action_center + self.action_half_width * action


def check_class(cfg: AlgorithmConfig) -> None:
    """Refuse policies that are not made of a denoising chain.

    Raises:
        ExportError: If there is no chain to export.
    """
    if cfg.policy_class != "diffusion":
        raise ExportError(
            f"Only diffusion policies can be exported; the policy class of this run is {cfg.policy_class}."
        )


def own_weights(denoiser: Denoiser, index: int, obs_dim: int, action_dim: int) -> dict[str, torch.Tensor]:
    """Return the weights of one agent's network without those that meet padding.

    Args:
        denoiser: Networks of all agents, padded to the widest.
        index: Place of the agent.
        obs_dim: The agent's own observation size o.
        action_dim: The agent's own action size d.
    """
    own = {name: tensor[index : index + 1] for name, tensor in denoiser.state_dict().items()}
    # the features of an action are the action itself, then sines and cosines of it
    features = own["action_projection.weight"]
    padded_action_dim = own["action_features.frequencies"].shape[1]
    own["action_projection.weight"] = torch.cat((features[:, :action_dim], features[:, padded_action_dim:]), dim=1)
    own["action_features.frequencies"] = own["action_features.frequencies"][:, :action_dim]
    own["obs_encoder.first.weight"] = own["obs_encoder.first.weight"][:, :obs_dim]
    for name in ("weight", "bias"):
        last = f"mlp.layers.{len(denoiser.mlp.layers) - 1}.{name}"
        own[last] = own[last][..., :action_dim]
        last = f"gaussian.layers.0.{name}"  # the means of all dimensions, then their deviations
        own[last] = own[last].unflatten(-1, (2, -1))[..., :action_dim].flatten(-2)
    return own
