# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The kernel of the whole chain draws what the chain draws step by step.

Without a GPU, Triton's interpreter runs the kernel, which has to be asked for before Triton is imported: so it runs in a
process of its own.
"""

import concurrent.futures
import copy
import itertools
import multiprocessing
import os
import torch

import pytest

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models import fused_chain
from ddpl_isaac.models.diffusion_actor import DiffusionActor

pytestmark = pytest.mark.skipif(
    not fused_chain.is_available(), reason="Triton is not installed: torch brings it only where it is built for CUDA"
)
MASK = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
O = 4
KINDS = {torch.float32: 0.01, torch.bfloat16: 0.08}
"""Error of an action allowed by the rounding of factors, in units of the box half-width."""


def trained(hidden_dims, features, steps, mask):
    """Return a policy whose last layers are as far from zero as training takes them."""
    cfg = ActorConfig(hidden_dims=list(hidden_dims), action_features=features, time_features=16)
    actor = DiffusionActor(O, mask, cfg, SamplerConfig(num_steps=steps))
    with torch.no_grad():
        for last, scale in ((actor.denoiser.mlp.last, 1.0), (actor.denoiser.gaussian.last, 0.3)):
            last.weight.normal_(std=scale / last.weight.shape[1] ** 0.5)
            last.bias.add_(0.1 * torch.randn_like(last.bias))
    return actor


def errors(device, kind, hidden_dims, features, steps, states, samples, tile=fused_chain.Tile(32, 16), mask=MASK):
    """Return the errors of the kernel, of either agent's actions, against the chain in double precision."""
    torch.manual_seed(steps + states)
    actor = trained(hidden_dims, features, steps, mask)
    obs, noise = torch.randn(states, *mask.shape[:1], O), torch.randn(steps, len(mask), states * samples, mask.shape[1])
    exact = copy.deepcopy(actor).double().sample_from(obs.double(), noise.double(), samples)
    actor.to(device)
    arguments = actor.denoiser, actor.schedule, obs.to(device), noise.to(device), samples, kind, tile
    with torch.no_grad():
        drawn = fused_chain.sample_fused(*arguments)
    assert drawn.shape == exact.shape
    assert drawn[0, ..., 2].abs().max() == 0.0 if mask is MASK else True
    return (drawn.cpu() - exact).abs().detach()


def summary(*arguments):
    error = errors(*arguments)
    return error.max().item(), error.mean().item()


@pytest.fixture(scope="module")
def interpreter():
    before = os.environ.get("TRITON_INTERPRET")
    os.environ["TRITON_INTERPRET"] = "1"
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        yield process
    os.environ.pop("TRITON_INTERPRET")
    if before is not None:
        os.environ["TRITON_INTERPRET"] = before


CASES = [
    ((16, 16), 8, 4, 5, 1),
    ((32, 64), 0, 1, 32, 1),
    ((64, 32), 64, 5, 11, 3),
    ((32, 16, 32), 8, 10, 33, 2),
]


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_kernel_draws_what_the_chain_draws_in_double_precision(request, case, kind, device):
    arguments = device, kind, *case
    if device == "cpu":
        largest, mean = request.getfixturevalue("interpreter").submit(summary, *arguments).result()
    else:
        largest, mean = summary(*arguments)
    assert largest < KINDS[kind]
    assert mean < KINDS[kind] / 10
