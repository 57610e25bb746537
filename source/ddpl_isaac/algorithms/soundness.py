# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whether a learner can go on: everything finite, and columns that tell it something.

Each function reads the device once.
"""

from __future__ import annotations

import torch
from collections.abc import Iterator, Mapping, Sequence
from torch import nn
from typing import Any

from ddpl_isaac.envs.guard import DivergenceError
from ddpl_isaac.errors import UserError
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.normalizer import RunningNormalizer

_LARGEST = 1e15
"""Largest sound number of a learner; larger ones are lost, though finite: no step brings a weight back from there."""

_HALF_PRECISION_STEP = 2.0**-11
"""Largest relative rounding error of half precision."""

_MOST_ROUNDING = 0.1
"""Rounding of a stored observation that is still harmless, in standard deviations of its column."""


def check_finite(parts: Mapping[str, torch.Tensor], env_steps: int) -> None:
    """Refuse to go on with a learner that has lost its numbers.

    Args:
        parts: What must be finite and not huge, by what the user calls it; what can spoil others comes first.
        env_steps: Environment steps of the run so far.

    Raises:
        DivergenceError: If one is not finite; names the first.
    """
    sound = torch.stack([(value.abs() <= _LARGEST).all() for value in parts.values()]).tolist()
    bad = [name for name, is_sound in zip(parts, sound, strict=True) if not is_sound]
    if bad:
        raise DivergenceError(
            f"The learner's numbers are not finite or beyond {_LARGEST:g} after {env_steps} environment steps, first:"
            f" {bad[0]} ({len(bad)} of {len(parts)} parts in all). Lower agent.algorithm.critic.learning_rate or"
            " agent.algorithm.actor.learning_rate, or agent.algorithm.max_grad_norm."
        )


def first_nonfinite(state: Any, path: str = "") -> str | None:
    """Return the place of the first tensor or number in nested containers that is not finite, or None."""
    tensors = {where: torch.as_tensor(value) for where, value in _floats(state, path)}
    if not tensors:
        return None
    finite = torch.stack([value.isfinite().all().cpu() for value in tensors.values()]).tolist()
    return next((where for where, sound in zip(tensors, finite, strict=True) if not sound), None)


def _floats(state: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield all floating-point numbers and tensors with their places."""
    if isinstance(state, Mapping):
        for name, value in state.items():
            yield from _floats(value, f"{path}.{name}" if path else str(name))
    elif isinstance(state, list | tuple):
        for index, value in enumerate(state):
            yield from _floats(value, f"{path}[{index}]")
    elif isinstance(state, float) or (isinstance(state, torch.Tensor) and state.is_floating_point()):
        yield path, state


def normalizer_parts(stack: AgentStack, normalizers: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Return mean and deviation of every agent's columns, and of the state's, by what the user calls them."""
    parts = {}
    for where, normalizer in _columns(stack, normalizers).items():
        parts |= {f"the normaliser of {where}": torch.stack(normalizer[:2])}
    return parts


def learner_parts(
    names: Sequence[str],
    metrics: Mapping[str, torch.Tensor],
    return_normalizer: RunningNormalizer,
    critic: nn.Module,
    actor: nn.Module,
) -> dict[str, torch.Tensor]:
    """Return what else of DDPL must be finite, by what the user calls it.

    Args:
        names: Names of the agents.
        metrics: Metrics of the last gradient steps, by tag.
        return_normalizer: Normaliser of the return.
        critic: All critics.
        actor: All policies, each of whose parameters holds those of all agents.
    """
    losses = {"critic": "the loss of the critics", "Critic/grad_norm": "the gradient of the critics"}
    losses |= {f"ISSM/{name}/loss": f"the loss of the policy of '{name}'" for name in names}
    parts = {"the normaliser of the return": return_normalizer.std}
    parts |= {words: metrics[tag] for tag, words in losses.items() if tag in metrics}
    parts["the critics"] = torch.stack([p.detach().abs().sum() for p in critic.parameters()])
    weights_A = torch.stack([p.detach().abs().flatten(1).sum(1) for p in actor.parameters()]).amax(0)
    return parts | {f"the policy of '{name}'": weights_A[i] for i, name in enumerate(names)}


def constant_columns(stack: AgentStack, normalizers: Mapping[str, Any]) -> str | None:
    """Return a sentence on the columns that have never varied, or None."""
    columns = _columns(stack, normalizers)
    found = {where: constant.nonzero().flatten().tolist() for where, (_, _, constant) in columns.items()}
    named = [f"{where}: {_ranges(indices)}" for where, indices in found.items() if indices]
    if not named:
        return None
    return (
        f"Columns that have not varied so far: {'; '.join(named)}. Networks get 0 for each of them until it varies, and"
        " trained policies take no notice of one that never did."
    )


def _ranges(indices: list[int]) -> str:
    """Return ascending numbers with neighbours joined, such as ``1, 4-7``."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def check_half_precision(stack: AgentStack, normalizers: Mapping[str, Any]) -> None:
    """Refuse a replay of half precision that would not keep what the policies see.

    Raises:
        UserError: If storing rounds a column by too much of its standard deviation; names the first.
    """
    for where, (mean, std, constant) in _columns(stack, normalizers).items():
        rounding = torch.where(constant, 0.0, _HALF_PRECISION_STEP * mean.abs() / std)
        if rounding.numel() and float(rounding.max()) > _MOST_ROUNDING:
            column = int(rounding.argmax())
            raise UserError(
                f"agent.algorithm.replay.half_precision=true would round column {column} of {where} (mean"
                f" {float(mean[column]):g}, deviation {float(std[column]):.2g}) by {float(rounding[column]):.1g}"
                " deviations, so that learning and acting would see different numbers. Set it to false, or subtract the"
                " offset in the task."
            )


def _columns(
    stack: AgentStack, normalizers: Mapping[str, Any]
) -> dict[str, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Return mean, divisor and constancy of the columns that belong to somebody; padding belongs to nobody."""
    columns = {}
    for kind, normalizer in normalizers.items():
        if not isinstance(normalizer, RunningNormalizer) or (kind == "state" and not stack.has_state):
            continue
        numbers = normalizer.mean, normalizer.std + normalizer.eps, normalizer.constant
        if kind == "state":
            columns["the state"] = numbers
        else:
            for index, (name, dim) in enumerate(zip(stack.names, stack.obs_dims, strict=True)):
                columns[f"'{name}'"] = tuple(number[index, :dim] for number in numbers)
    return columns
