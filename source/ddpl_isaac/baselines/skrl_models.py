# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Networks of the baselines, as skrl wants them and as the joint policy does.

Shapes: A agents, B states, O observation, M samples, D action.
"""

from __future__ import annotations

import math
import torch
from collections.abc import Iterable
from torch import nn
from typing import Any, cast

from gymnasium.spaces import Box
from skrl.models.torch import DeterministicMixin, GaussianMixin, Model

from ddpl_isaac.models.actor import Actor, MirrorStep


class Policy(GaussianMixin, Model):
    """Gaussian whose mean is a network's and whose deviation depends on nothing."""

    def __init__(self, sizes: tuple[int, int, int], hidden_dims: list[int], initial_std: float, device: str) -> None:
        """Create the network for sizes of observation, state and action."""
        obs_dim, _, action_dim = sizes
        Model.__init__(self, **spaces_of(sizes), device=device)
        GaussianMixin.__init__(self, max_log_std=0.0, min_log_std=-4.0)
        self.net = make_mlp(obs_dim, hidden_dims, action_dim, last_gain=0.01)
        self.log_std = nn.Parameter(torch.full((action_dim,), math.log(initial_std)))

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return means and log standard deviations; called by skrl."""
        del role
        means = self.net(inputs["observations"])
        return means, {"log_std": self.log_std.expand_as(means)}


class Value(DeterministicMixin, Model):
    """Value of what the centralised or the independent critic sees."""

    def __init__(self, sizes: tuple[int, int, int], hidden_dims: list[int], seen: str, device: str) -> None:
        """Create the network for sizes of observation, state and action; ``seen`` is ``states`` or ``observations``."""
        obs_dim, state_dim, _ = sizes
        Model.__init__(self, **spaces_of(sizes), device=device)
        DeterministicMixin.__init__(self)
        self.seen = seen
        self.net = make_mlp(state_dim if seen == "states" else obs_dim, hidden_dims, 1)

    def compute(self, inputs: dict[str, Any], role: str = "") -> tuple[torch.Tensor, dict[str, Any]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return values; called by skrl."""
        del role
        return self.net(inputs[self.seen]), {}


def spaces_of(sizes: tuple[int, int, int]) -> dict[str, Any]:
    """Return skrl's spaces of an agent for sizes of observation, state and action, which is in [-1, 1]."""
    obs_dim, state_dim, action_dim = sizes
    free = {"observation_space": Box(-math.inf, math.inf, (obs_dim,)), "state_space": Box(-9e9, 9e9, (state_dim,))}
    return free | {"action_space": Box(-1.0, 1.0, (action_dim,))}


def make_mlp(inputs: int, hidden_dims: list[int], outputs: int, last_gain: float = 1.0) -> nn.Sequential:
    """Build a network with orthogonal weights, as is usual for PPO."""
    sizes, layers = [inputs, *hidden_dims], []
    for before, after in zip(sizes, hidden_dims, strict=False):
        layers += [nn.Linear(before, after), nn.ELU()]
        nn.init.orthogonal_(layers[-2].weight, math.sqrt(2.0))
    layers.append(nn.Linear(sizes[-1], outputs))
    nn.init.orthogonal_(layers[-1].weight, last_gain)
    return nn.Sequential(*layers)


class SkrlActor(Actor):
    """The policies of all agents, one after the other, as the joint policy wants them."""

    def __init__(self, policies: dict[str, Policy], action_dim: int) -> None:
        """Join policies; their actions are padded to the width ``action_dim``."""
        super().__init__()
        self.policies, self.action_dim = nn.ModuleList(policies.values()), action_dim

    def sample(
        self,
        obs_BAO: torch.Tensor,
        num_samples: int = 1,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw actions by torch's own generator, as :meth:`Actor.sample`. Shape: (A, B, M, D)."""
        if generator is not None:
            raise ValueError("skrl's policies draw from torch's own generator; got another one.")
        draws = []
        policies = cast("Iterable[Policy]", self.policies)
        for policy, obs_BO in zip(policies, obs_BAO.unbind(1), strict=True):
            actions, outputs = policy.act({"observations": obs_BO.repeat_interleave(num_samples, 0)}, role="policy")
            actions = torch.lerp(outputs["mean_actions"], actions, temperature)
            draws.append(clipped(actions, self.action_dim).unflatten(0, (-1, num_samples)))
        return torch.stack(draws)

    def loss(self, target: MirrorStep) -> torch.Tensor:
        """Fail: skrl has the loss."""
        raise NotImplementedError("PPO does not learn from mirror steps.")


def clipped(actions: torch.Tensor, width: int) -> torch.Tensor:
    """Return what is played: skrl learns from actions as they were drawn, whose density is the Gaussian's."""
    return nn.functional.pad(actions.clamp(-1.0, 1.0), (0, width - actions.shape[-1]))
