# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Many networks of one shape evaluated as one batched matrix product per layer.

Shapes: G networks (agents, critics or both), R rows.
"""

from __future__ import annotations

import itertools
import math
import torch
from collections.abc import Sequence
from torch import nn

from ddpl_isaac.errors import UserError


class StackedLinear(nn.Module):
    """G linear layers ``x_g W_g + b_g``, initialised as ``torch.nn.Linear`` would each."""

    def __init__(self, num_networks: int, in_features: int, out_features: int, bias: bool = True) -> None:
        """Create the weights."""
        super().__init__()
        bound = 1.0 / math.sqrt(max(in_features, 1))
        self.weight = nn.Parameter(torch.empty(num_networks, in_features, out_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(num_networks, 1, out_features).uniform_(-bound, bound)) if bias else None

    def forward(self, x: torch.Tensor, part: slice = slice(None)) -> torch.Tensor:
        """Apply every network, or a part of them, to its rows. Shape: (G, R, in_features) -> (G, R, out_features)."""
        if self.bias is None:
            return torch.bmm(x, self.weight[part])
        return torch.bmm(x, self.weight[part]) + self.bias[part]


class StackedLayerNorm(nn.Module):
    """G layer normalisations with weights of their own."""

    def __init__(self, num_networks: int, features: int) -> None:
        """Create the gains and biases."""
        super().__init__()
        self.shape = (features,)  # known, and not read off what comes, for the sake of exports
        self.weight = nn.Parameter(torch.ones(num_networks, 1, features))
        self.bias = nn.Parameter(torch.zeros(num_networks, 1, features))

    def forward(self, x: torch.Tensor, part: slice = slice(None)) -> torch.Tensor:
        """Normalise the last dimension, by all networks or a part of them. Shape: (G, R, features)."""
        return torch.addcmul(self.bias[part], nn.functional.layer_norm(x, self.shape), self.weight[part])


class StackedMLP(nn.Module):
    """G perceptrons with SiLU between the layers, optionally normalised.

    The first layer is split off (:meth:`forward` takes its pre-activation), because its input is a concatenation
    whose parts are shared over candidates, draws or denoising steps, and each part needs to be multiplied only once.
    """

    def __init__(
        self, num_networks: int, hidden_dims: Sequence[int], out_features: int, layer_norm: bool = False
    ) -> None:
        """Create the layers behind the first.

        Raises:
            UserError: If there is no hidden layer.
        """
        super().__init__()
        if not hidden_dims:
            raise UserError("hidden_dims must name at least one hidden layer, for example [256, 256], got [].")
        sizes = [*hidden_dims, out_features]
        self.layers = nn.ModuleList(StackedLinear(num_networks, i, o) for i, o in itertools.pairwise(sizes))
        normalized = hidden_dims if layer_norm else ()
        self.norms = nn.ModuleList(StackedLayerNorm(num_networks, width) for width in normalized)

    @property
    def last(self) -> StackedLinear:
        """The last layer."""
        layer = self.layers[-1]
        assert isinstance(layer, StackedLinear)
        return layer

    def forward(self, preactivation: torch.Tensor, part: slice = slice(None)) -> torch.Tensor:
        """Finish the networks, or a part of them. Shape: (G, R, hidden_dims[0]) -> (G, R, out_features)."""
        x = preactivation
        for number, layer in enumerate(self.layers):
            if self.norms:
                x = self.norms[number](x, part)
            x = layer(nn.functional.silu(x), part)
        return x


def clip_gradients(parameters: Sequence[nn.Parameter], max_norm: float) -> torch.Tensor:
    """Scale the gradient of each stacked network to at most ``max_norm``, without leaving the device.

    Returns:
        Norms before clipping. Shape: (G,).
    """
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.stack([grad.flatten(1).square().sum(1) for grad in grads]).sum(0).sqrt()
    scale = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    for grad in grads:
        grad.mul_(scale.view(-1, *[1] * (grad.dim() - 1)))
    return norm
