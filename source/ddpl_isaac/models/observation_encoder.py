# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the policies make of an observation before an action comes into it.

Shapes: A agents, R rows, O observation, W first hidden width of the policy.
"""

from __future__ import annotations

import torch
from collections.abc import Sequence
from torch import nn

from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP


class ObservationEncoder(nn.Module):
    """Contribution of the observation to the first layer of a policy: a product, or a network in front of it.

    A denoising network that takes the product alone has to work out what an observation means behind the layer where
    the noisy action and the time join it, in every denoising step of every candidate. In front of that layer the work
    is done once per state.
    """

    def __init__(self, num_agents: int, obs_dim: int, hidden_dims: Sequence[int], out_features: int) -> None:
        """Create the weights; without hidden layers those of the product alone."""
        super().__init__()
        self.first = StackedLinear(num_agents, obs_dim, hidden_dims[0] if hidden_dims else out_features)
        self.mlp = StackedMLP(num_agents, hidden_dims, out_features, layer_norm=True) if hidden_dims else None

    def forward(self, obs_ARO: torch.Tensor) -> torch.Tensor:
        """Encode observations. Shape: (A, R, O) -> (A, R, W)."""
        hidden = self.first(obs_ARO)
        return hidden if self.mlp is None else self.mlp(hidden)
