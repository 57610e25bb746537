# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Learnable Fourier features of actions, without which small networks smooth over narrow modes.

Shapes: G networks, R rows, D action, K features.
"""

from __future__ import annotations

import math
import torch
from torch import nn


class FourierFeatures(nn.Module):
    """Append sines and cosines of K/2 learnable frequencies to the actions of each network (Tancik et al. 2020)."""

    def __init__(self, num_networks: int, action_dim: int, num_features: int) -> None:
        """Draw the frequencies; ``num_features`` 0 appends nothing.

        The spread of the phase over the box is the same for every action dimension: about one period at D = 2, which
        resolves modes of a tenth of the box.
        """
        super().__init__()
        scale = math.pi * math.sqrt(2.0 / action_dim)
        self.frequencies = nn.Parameter(torch.randn(num_networks, action_dim, num_features // 2) * scale)
        self.out_features = action_dim + 2 * (num_features // 2)

    def forward(self, action: torch.Tensor) -> torch.Tensor:
        """Compute the features. Shape: (G, R, D) -> (G, R, D + K)."""
        phase = torch.bmm(action, self.frequencies)
        return torch.cat((action, phase.sin(), phase.cos()), dim=-1)
