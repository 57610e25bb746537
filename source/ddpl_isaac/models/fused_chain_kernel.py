# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The denoising chain of all agents as one kernel (docs/method.md §4, §5); importing this imports Triton.

Shapes: A agents, R rows (states times M candidates), D action, F sines and as many cosines of it, H denoising steps,
W0, W1 and W2 hidden widths. Dp and Fp are D and F, padded to a power of two that is at least 16, as products need it.
"""

# Triton reads annotations as its own, and its loops are no Python to a type checker
# ruff: noqa: ANN001, ANN201, ANN202
# pyright: reportGeneralTypeIssues=false

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _silu(x):
    return x / (1.0 + tl.exp(-x))


@triton.jit
def _sin_cos(phase):
    """Sine and cosine of phases up to some thousand radians, with errors of a few 1e-7 times their number of turns.

    What Triton takes from CUDA's library has a branch for huge arguments that needs memory of its own.
    """
    turns = phase * 0.15915494309189535
    quarter = tl.floor(4.0 * turns + 0.5)
    y = (turns - 0.25 * quarter) * 6.283185307179586  # between -pi/4 and pi/4
    z = y * y
    sine = y * (1.0 + z * (-1.6666666e-1 + z * (8.3333310e-3 + z * (-1.9840874e-4 + z * 2.7525562e-6))))
    cosine = 1.0 + z * (-0.5 + z * (4.1666642e-2 + z * (-1.3888378e-3 + z * 2.4760495e-5)))
    half = quarter - 4.0 * tl.floor(0.25 * quarter)  # the quadrant: 0, 1, 2 or 3
    swapped = (half == 1.0) | (half == 3.0)
    first, second = tl.where(swapped, cosine, sine), tl.where(swapped, sine, cosine)
    sine = tl.where(half >= 2.0, -first, first)
    cosine = tl.where((half == 1.0) | (half == 2.0), -second, second)
    return sine, cosine


@triton.jit
def denoising_chain(
    out,  # (A, R, D)
    noise,  # (H, A, R, D)
    mask,  # (A, D)
    hidden,  # (A, R / M, W0)
    mean,  # (A, R / M, D)
    std,  # (A, R / M, D)
    time,  # (A, H, W0)
    coefficients,  # (6, H), in the order of Schedule
    frequencies,  # (A, Fp, Dp)
    first,  # (A, W0, Dp + 2 Fp), like all weights with the inputs last
    second,  # (A, W1, W0)
    second_bias,  # (A, W1)
    third,  # (A, W2, W1)
    third_bias,  # (A, W2)
    last,  # (A, Dp, W1 or W2)
    last_bias,  # (A, Dp)
    rows,
    candidates,
    num_steps: tl.constexpr,
    D: tl.constexpr,
    DP: tl.constexpr,
    FP: tl.constexpr,  # 0: no features
    W0: tl.constexpr,
    W1: tl.constexpr,
    W2: tl.constexpr,  # 0: two hidden layers
    BLOCK: tl.constexpr,
    CHUNK: tl.constexpr,
    STAGES: tl.constexpr,
):
    """Run the whole chain of a tile of rows of one agent; what it makes on the way stays on the chip.

    The first layer is computed in chunks of columns, each of which goes into all sums of the second layer at once, so
    that it never exists whole. A third layer takes its turn in chunks, each of which goes into the output.
    """
    agent, num_agents = tl.program_id(1), tl.num_programs(1)
    row = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    dim, feature, chunk, wide = (
        tl.arange(0, DP),
        tl.arange(0, DP if FP == 0 else FP),
        tl.arange(0, CHUNK),
        tl.arange(0, W1),
    )
    inside = row < rows
    state = agent * (rows // candidates) + row // candidates
    cell = inside[:, None] & (dim < D)[None, :]
    kind = first.dtype.element_ty
    in_features: tl.constexpr = DP + 2 * FP
    out_width: tl.constexpr = W1 if W2 == 0 else W2

    own = tl.load(mask + agent * D + dim, mask=dim < D, other=0.0)[None, :]
    of_state = state[:, None] * D + dim[None, :]
    at = (agent * rows + row)[:, None] * D + dim[None, :]
    x = tl.load(noise + at, mask=cell, other=0.0) * own
    clean = x
    for k in range(num_steps):
        step = num_steps - 1 - k
        signal = tl.load(coefficients + step)
        sigma = tl.load(coefficients + num_steps + step)
        rounded = x.to(kind)
        if FP > 0:
            frequency = tl.load(frequencies + agent * FP * DP + feature[None, :] * DP + dim[:, None])
            sine, cosine = _sin_cos(tl.dot(x, frequency, input_precision="tf32"))
            sine, cosine = sine.to(kind), cosine.to(kind)
        total = tl.zeros((BLOCK, W1), tl.float32)
        for start in tl.range(0, W0, CHUNK, num_stages=STAGES):
            column = start + chunk
            into = first + (agent * W0 + column)[None, :] * in_features
            inner = tl.dot(rounded, tl.load(into + dim[:, None]), input_precision="tf32")
            if FP > 0:
                inner = tl.dot(sine, tl.load(into + (DP + feature)[:, None]), inner, input_precision="tf32")
                inner = tl.dot(cosine, tl.load(into + (DP + FP + feature)[:, None]), inner, input_precision="tf32")
            inner += tl.load(hidden + state[:, None] * W0 + column[None, :], mask=inside[:, None], other=0.0)
            inner += tl.load(time + (agent * num_steps + step) * W0 + column)[None, :]
            onward = tl.load(second + (agent * W1 + wide)[None, :] * W0 + column[:, None])
            total = tl.dot(_silu(inner).to(kind), onward, total, input_precision="tf32")
        total += tl.load(second_bias + agent * W1 + wide)[None, :]
        activation = _silu(total).to(kind)
        into_last = last + (agent * DP + dim)[None, :] * out_width
        if W2 == 0:
            network = tl.dot(activation, tl.load(into_last + wide[:, None]), input_precision="tf32")
        else:
            network = tl.zeros((BLOCK, DP), tl.float32)
            for start in tl.range(0, W2, CHUNK, num_stages=STAGES):
                column = start + chunk
                weight = tl.load(third + (agent * W2 + column)[None, :] * W1 + wide[:, None])
                inner = tl.dot(activation, weight, input_precision="tf32")
                inner += tl.load(third_bias + agent * W2 + column)[None, :]
                onward = tl.load(into_last + column[:, None])
                network = tl.dot(_silu(inner).to(kind), onward, network, input_precision="tf32")
        network += tl.load(last_bias + agent * DP + dim)[None, :]

        # Denoiser.forward, then denoise_step
        scaled = signal * tl.load(std + of_state, mask=cell, other=0.0, volatile=True)
        variance = scaled * scaled + sigma * sigma
        implied = sigma * (x - signal * tl.load(mean + of_state, mask=cell, other=0.0, volatile=True)) / variance
        predicted = (implied + scaled * tl.rsqrt(variance) * network) * own
        previous = clean
        clean = tl.minimum(tl.maximum((x - sigma * predicted) / signal, -1.0), 1.0)
        extrapolation = tl.load(coefficients + 5 * num_steps + step)
        ahead = tl.minimum(tl.maximum(clean + extrapolation * (clean - previous), -1.0), 1.0)
        fresh = ((k + 1) % num_steps * num_agents + agent) * rows + row
        drawn = tl.load(noise + fresh[:, None] * D + dim[None, :], mask=cell, other=0.0) * own
        x = tl.load(coefficients + 2 * num_steps + step) * ahead + tl.load(coefficients + 3 * num_steps + step) * x
        x += tl.load(coefficients + 4 * num_steps + step) * drawn
    tl.store(out + at, tl.minimum(tl.maximum(x, -1.0), 1.0), mask=cell)
