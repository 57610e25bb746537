# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain as one kernel: what it can do, and what it reads (docs/method.md §4, §5).

Shapes: A agents, B states, O observation, M samples per state, R = B * M rows, D action, H denoising steps.
"""

from __future__ import annotations

import functools
import importlib.util
import torch
from torch.nn.functional import pad
from typing import Any, NamedTuple

from ddpl_isaac.diffusion.schedule import Schedule
from ddpl_isaac.models.denoiser import Denoiser
from ddpl_isaac.models.stacked_mlp import StackedLinear

_LEAST, _MOST = 16, 256
"""Widths between which a layer's sums stay in registers, and products have a size that tensor cores take."""


class Tile(NamedTuple):
    """How the kernel divides its work."""

    rows: int
    """Rows of a program, a power of two."""

    chunk: int
    """Columns of a hidden layer that exist at a time, a power of two."""

    stages: int
    """Loads of weights under way."""

    warps: int
    """Warps of a program."""

    registers: int = 0
    """Most registers of a thread (0: as many as there are), so that more programs share a multiprocessor."""


TILES = {torch.bfloat16: Tile(32, 64, 2, 4), torch.float32: Tile(64, 32, 3, 8)}
"""The fastest by what factors are rounded to, for 8192 rows and two layers of 256 (docs/performance/gpu.md)."""


@functools.cache
def is_available() -> bool:
    """Tell whether Triton is installed; torch brings it along where it is built for CUDA."""
    return importlib.util.find_spec("triton") is not None


def serves(denoiser: Denoiser) -> bool:
    """Tell whether the kernel computes networks of this shape.

    These are two or three hidden layers, each as wide as a power of two from 16 to 256; actions of at most 64
    dimensions; and no or at most 256 Fourier features of the action, an even number.
    """
    widths = [layer.weight.shape[1] for layer in _layers(denoiser)]
    features = denoiser.action_features.frequencies.shape[-1]
    fitting = all(_LEAST <= width <= _MOST and width.bit_count() == 1 for width in widths)
    return is_available() and fitting and len(widths) in (2, 3) and denoiser.action_dim <= 64 and features <= 128


def is_allowed(device: torch.device, precision: torch.dtype) -> bool:
    """Tell whether to draw by the kernel where it serves: on a GPU, and where products may be rounded."""
    rounded = precision == torch.bfloat16 or torch.get_float32_matmul_precision() != "highest"
    return device.type == "cuda" and rounded


def sample_fused(
    denoiser: Denoiser,
    schedule: Schedule,
    obs_BAO: torch.Tensor,
    noise_HARD: torch.Tensor,
    num_samples: int,
    kind: torch.dtype,
    tile: Tile | None = None,
) -> torch.Tensor:
    """Turn given noise into actions, as ``DiffusionActor.sample_from`` does. No gradients. Shape: (A, B, M, D).

    Args:
        denoiser: Networks, for which :func:`serves` holds.
        schedule: Chain.
        obs_BAO: Observations.
        noise_HARD: Standard normal noise.
        num_samples: Samples M per state.
        kind: What factors of products are rounded to: bfloat16, or float32 for TF32. Sums are float32.
        tile: How the kernel divides its work; None is the one of :data:`TILES`.
    """
    tile = tile or TILES[kind]
    prepared = prepare(denoiser, schedule, obs_BAO, kind)
    actions_ARD = denoising_chain(noise_HARD.contiguous(), *prepared, list(tile))
    return actions_ARD.unflatten(1, (obs_BAO.shape[0], num_samples))


def prepare(denoiser: Denoiser, schedule: Schedule, obs_BAO: torch.Tensor, kind: torch.dtype) -> tuple[Any, ...]:
    """Return what the kernel reads besides noise: :func:`denoising_chain`."""
    encoded = (part.float().contiguous() for part in denoiser.encode(obs_BAO.transpose(0, 1)))
    times_AHW = denoiser.time_table().float().contiguous()
    coefficients = torch.stack(tuple(schedule))
    mask_AD, frequencies_AFD = denoiser._mask[:, 0].contiguous(), _padded_frequencies(denoiser)
    return mask_AD, *encoded, times_AHW, coefficients, frequencies_AFD, *_pack(denoiser, kind)


def _layers(denoiser: Denoiser) -> list[StackedLinear]:
    """Return the layers behind the first."""
    return [layer for layer in denoiser.mlp.layers if isinstance(layer, StackedLinear)]


def _padding(size: int) -> int:
    """Return the power of two, at least 16, to which a size is padded; 0 stays 0."""
    return max(_LEAST, 1 << (size - 1).bit_length()) if size else 0


def _padded_frequencies(denoiser: Denoiser) -> torch.Tensor:
    """Return the frequencies of the action features as the kernel reads them. Shape: (A, Fp, Dp)."""
    frequencies_ADF = denoiser.action_features.frequencies
    _, D, F = frequencies_ADF.shape
    return pad(frequencies_ADF, (0, _padding(F) - F, 0, _padding(D) - D)).mT.contiguous()


def _pack(denoiser: Denoiser, kind: torch.dtype) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return weights, the inputs last, and biases of all layers as the kernel reads them.

    TF32 products want both factors with the summed dimension contiguous.
    """
    D, F = denoiser.action_dim, denoiser.action_features.frequencies.shape[-1]
    first = denoiser.action_projection.weight.split((D, F, F), dim=1)
    parts = [pad(part, (0, 0, 0, _padding(part.shape[1]) - part.shape[1])) for part in first]
    *inner, last = _layers(denoiser)
    spare = _padding(D) - D
    weights = [torch.cat(parts, dim=1), *(layer.weight for layer in inner), pad(last.weight, (0, spare))]
    *inner_biases, last_bias = (layer.bias for layer in (*inner, last) if layer.bias is not None)
    biases = [*inner_biases, pad(last_bias, (0, spare))]
    return [weight.mT.to(kind).contiguous() for weight in weights], [bias[:, 0].contiguous() for bias in biases]


@torch.library.custom_op("ddpl_isaac::denoising_chain", mutates_args=())
def denoising_chain(
    noise_HARD: torch.Tensor,
    mask_AD: torch.Tensor,
    hidden_ABW: torch.Tensor,
    mean_ABD: torch.Tensor,
    std_ABD: torch.Tensor,
    times_AHW: torch.Tensor,
    coefficients: torch.Tensor,
    frequencies_AFD: torch.Tensor,
    weights: list[torch.Tensor],
    biases: list[torch.Tensor],
    tile: list[int],
) -> torch.Tensor:
    """Run the chain in one kernel, on tensors that :func:`sample_fused` has prepared. Shape: (A, R, D)."""
    from ddpl_isaac.models import fused_chain_kernel

    H, A, R, D = noise_HARD.shape
    rows, chunk, stages, warps, registers = tile
    actions_ARD = torch.empty_like(noise_HARD[0])
    first, second, *third, last = weights
    W0, W1, W2 = first.shape[1], second.shape[1], third[0].shape[1] if third else 0
    kernel: Any = fused_chain_kernel.denoising_chain
    kernel[-(-R // rows), A](
        actions_ARD,
        noise_HARD,
        mask_AD,
        hidden_ABW,
        mean_ABD,
        std_ABD,
        times_AHW,
        coefficients,
        frequencies_AFD,
        first,
        second,
        biases[0],
        third[0] if third else second,
        biases[1] if third else biases[0],
        last,
        biases[-1],
        R,
        R // hidden_ABW.shape[1],
        H,
        D=D,
        DP=_padding(D),
        FP=frequencies_AFD.shape[1],
        W0=W0,
        W1=W1,
        W2=W2,
        BLOCK=rows,
        CHUNK=min(chunk, W0, W2 or W0),
        STAGES=stages,
        num_warps=warps,
        **({"maxnreg": registers} if registers else {}),
    )
    return actions_ARD


@denoising_chain.register_fake
def _(noise_HARD: torch.Tensor, *_: object) -> torch.Tensor:
    return torch.empty_like(noise_HARD[0])
