# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The kernel of the whole chain draws what the chain draws step by step.

Without a GPU, Triton's interpreter runs the kernel. It has to be asked for before Triton is imported, and so it runs in
a process of its own. It multiplies bfloat16 wrongly (triton 3.6), so float16 stands in for it.
"""

import copy
import multiprocessing
import torch

import pytest

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.models import fused_chain
from ddpl_isaac.models.diffusion_actor import DiffusionActor

pytestmark = pytest.mark.skipif(
    not fused_chain.is_available(), reason="Triton is not installed: torch brings it only where it is built for CUDA"
)
O, D = 4, 3
MASK = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
TILE = fused_chain.Tile(rows=32, chunk=16, stages=2, warps=8)
MOST = {
    ("cpu", torch.float32): 1e-5,
    ("cpu", torch.float16): 1e-3,
    ("cuda", torch.float32): 0.01,
    ("cuda", torch.bfloat16): 0.06,
}
"""Errors of an action allowed, in units of the box half-width: the interpreter does not round to TF32."""

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
CASES = [
    # hidden layers, features of the action, steps, states, samples per state
    ([16, 16], 8, 4, 5, 1),
    ([32, 64], 0, 1, 32, 1),
    ([64, 32], 64, 5, 11, 3),
    ([32, 16, 32], 8, 10, 33, 2),
]


def make_actor(hidden_dims, features, steps):
    """Return a policy whose last layers are as far from zero as training takes them."""
    cfg = ActorConfig(hidden_dims=hidden_dims, action_features=features, time_features=16)
    actor = DiffusionActor(O, MASK, cfg, SamplerConfig(num_steps=steps)).requires_grad_(False)
    for last, scale in ((actor.denoiser.mlp.last, 1.0), (actor.denoiser.gaussian.last, 0.3)):
        last.weight.normal_(std=scale / last.weight.shape[1] ** 0.5)
        last.bias.add_(0.1 * torch.randn_like(last.bias))
    return actor


def errors(device, kind, hidden_dims, features, steps, states, samples, compiles=False):
    """Return the largest and the mean error of actions against the chain in double precision."""
    torch.manual_seed(steps + states)
    actor = make_actor(hidden_dims, features, steps)
    obs, noise = torch.randn(states, 2, O), torch.randn(steps, 2, states * samples, D)
    exact = copy.deepcopy(actor).double().sample_from(obs.double(), noise.double(), samples)
    actor.to(device)
    sample = fused_chain.sample_fused
    if compiles:
        sample = torch.compile(sample, backend="aot_eager", fullgraph=True)
    drawn = sample(actor.denoiser, actor.schedule, obs.to(device), noise.to(device), samples, kind, TILE).cpu()
    assert drawn.shape == exact.shape
    assert drawn[0, ..., 2].abs().max() == 0.0
    error = (drawn - exact).abs()
    return error.max().item(), error.mean().item()


def check_operator(device):
    """Raise unless the operator is what torch wants operators to be."""
    actor = make_actor([16, 16], 8, 2).to(device)
    obs, noise = torch.randn(5, 2, O, device=device), torch.randn(2, 2, 5, D, device=device)
    prepared = fused_chain.prepare(actor.denoiser, actor.schedule, obs, torch.float32)
    tests = "test_schema", "test_faketensor", "test_autograd_registration"
    torch.library.opcheck(fused_chain.denoising_chain, (noise, *prepared, list(TILE)), test_utils=tests)


@pytest.fixture(scope="module")
def interpreter():
    """A process that interprets kernels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            yield pool


@pytest.fixture
def run(request, device):
    """How to call a function where kernels run on a device."""
    if device == "cpu":
        return request.getfixturevalue("interpreter").apply
    return lambda function, arguments: function(*arguments)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_kernel_draws_what_the_chain_draws_in_double_precision(run, case, rounded, device):
    kind = {"cpu": torch.float16, "cuda": torch.bfloat16}[device] if rounded else torch.float32
    largest, mean = run(errors, (device, kind, *case))
    assert largest < MOST[device, kind]
    assert mean < MOST[device, kind] / 4


@pytest.mark.parametrize("device", DEVICES)
def test_the_kernel_is_one_node_of_a_compiled_function(run, device):
    assert run(errors, (device, torch.float32, *CASES[0], True))[0] < MOST[device, torch.float32]


@pytest.mark.parametrize("device", DEVICES)
def test_the_operator_is_what_torch_wants_operators_to_be(run, device):
    run(check_operator, (device,))


@pytest.mark.parametrize("hidden_dims", [[16], [16] * 4, [48, 16], [512, 256], [8, 16]])
def test_other_shapes_are_not_served(hidden_dims):
    assert fused_chain.serves(make_actor([16, 256], 8, 2).denoiser)
    assert not fused_chain.serves(make_actor(hidden_dims, 8, 2).denoiser)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.gpu
def test_a_policy_draws_by_the_kernel_where_it_serves(monkeypatch, precision):
    actor = make_actor([16, 16], 8, 2)
    chain = DiffusionActor(
        O, MASK, ActorConfig([16, 16], [], 16, 8), SamplerConfig(2, precision=precision), "auto", "cuda"
    )
    chain.load_state_dict(actor.state_dict())
    chain.cuda()
    obs = torch.randn(40, 2, O, device="cuda")
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "high")
    draws = []
    for may_fuse in (False, True):
        chain._may_fuse = may_fuse
        draws += [chain.sample(obs, 3, torch.Generator("cuda").manual_seed(1)) for _ in range(5)]
    torch.testing.assert_close(draws[-1], draws[0], atol=0.06, rtol=0.0)
    assert not torch.equal(draws[-1], draws[0])
    assert torch.equal(draws[-1], draws[5])
