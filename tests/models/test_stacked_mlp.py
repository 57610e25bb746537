# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A stack of networks is a loop over single networks."""

import torch

import pytest

from ddpl_isaac.models.stacked_mlp import StackedLinear, StackedMLP, clip_gradients


def test_a_stacked_linear_layer_equals_a_loop_of_single_ones():
    layer, x = StackedLinear(3, 5, 4), torch.randn(3, 7, 5)
    loop = [x[g] @ layer.weight[g] + layer.bias[g] for g in range(3)]
    torch.testing.assert_close(layer(x), torch.stack(loop))


@pytest.mark.parametrize("layer_norm", [False, True])
def test_a_stacked_network_equals_a_loop_of_single_ones(layer_norm):
    stack, x = StackedMLP(2, [8, 6], 3, layer_norm), torch.randn(2, 5, 8)
    for g in range(2):
        hidden = x[g]
        for number, layer in enumerate(stack.layers):
            if layer_norm:
                weight, bias = stack.norms[number].weight[g, 0], stack.norms[number].bias[g, 0]
                hidden = torch.nn.functional.layer_norm(hidden, hidden.shape[-1:], weight, bias)
            hidden = torch.nn.functional.silu(hidden) @ layer.weight[g] + layer.bias[g]
        torch.testing.assert_close(stack(x)[g], hidden)
        torch.testing.assert_close(stack(x[g : g + 1], slice(g, g + 1))[0], hidden)


def test_no_hidden_layer_is_refused():
    with pytest.raises(ValueError, match=r"at least one hidden layer"):
        StackedMLP(2, [], 3)


def test_gradients_are_clipped_network_by_network():
    layer = StackedLinear(2, 1, 1, bias=False)
    layer.weight.grad = torch.tensor([[[30.0]], [[0.5]]])
    norms = clip_gradients(list(layer.parameters()), 10.0)
    torch.testing.assert_close(norms, torch.tensor([30.0, 0.5]))
    torch.testing.assert_close(layer.weight.grad.flatten(), torch.tensor([10.0, 0.5]))
