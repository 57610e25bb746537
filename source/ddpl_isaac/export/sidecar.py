# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The JSON file beside an exported policy: all that one needs to know to run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ddpl_isaac import __version__
from ddpl_isaac.config import SamplerConfig
from ddpl_isaac.envs.signals import AgentSignals, Signal
from ddpl_isaac.export.agent_policy import AgentPolicy

FORMAT_VERSION = 2
"""Version of the layout of the sidecar; raised when an older reader would misread a new file."""

_NOISE = "standard normal; row 0 starts the chain, row k is added after its k-th step, the last step adds none"
_NORMALIZER = "(observation - mean) / std, clipped to [-bound, bound]; already part of the exported policy"


def make_sidecar(
    policy: AgentPolicy, signals: AgentSignals, sampler: SamplerConfig, files: dict[str, str], origin: dict[str, Any]
) -> dict[str, Any]:
    """Describe an exported policy; ``batch`` in a shape is any number of states.

    Args:
        policy: The policy.
        signals: What its columns mean.
        sampler: The settings from which its schedule was made.
        files: Names of the exported files by format.
        origin: Where the policy comes from: task, checkpoint, duration of a step.
    """
    observation = _tensor("batch", policy.obs_dim) | {"signals": _columns(signals.observation)}
    noise = _tensor(sampler.num_steps, "batch", policy.action_dim) | {"distribution": _NOISE}
    low, high = policy.action_center - policy.action_half_width, policy.action_center + policy.action_half_width
    action = _tensor("batch", policy.action_dim) | {"low": low.tolist(), "high": high.tolist()}
    schedule = {"name": sampler.schedule, "variance": sampler.variance, "num_steps": sampler.num_steps}
    schedule |= {name: coefficient.tolist() for name, coefficient in policy.schedule._asdict().items()}
    return {
        "format": "ddpl_isaac.policy",
        "format_version": FORMAT_VERSION,
        "package_version": __version__,
        "agent": policy.name,
        **origin,
        "files": files,
        "inputs": {"observation": observation, "noise": noise},
        "outputs": {"action": action | {"signals": _columns(signals.action)}},
        "normalizer": _normalizer(policy, signals),
        "schedule": schedule,
    }


def _normalizer(policy: AgentPolicy, signals: AgentSignals) -> dict[str, Any]:
    """Describe the normaliser; ``constant`` names the columns that never varied in training and tell nothing."""
    numbers = {"mean": policy.obs_mean, "std": policy.obs_std, "bound": policy.obs_bound}
    names = [entry for signal in signals.observation for entry in signal.entries]
    constant = [column for column, bound in enumerate(policy.obs_bound.tolist()) if bound == 0.0]
    described = {"formula": _NORMALIZER} | {name: value.tolist() for name, value in numbers.items()}
    return described | {"constant": [{"column": column, "entry": names[column]} for column in constant]}


def _tensor(*shape: int | str) -> dict[str, Any]:
    """Describe an input or output."""
    return {"shape": list(shape), "dtype": "float32"}


def _columns(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    """Describe signals with their columns from ``start`` to ``stop``, the end excluded."""
    described, start = [], 0
    for signal in signals:
        stop = start + len(signal.entries)
        described.append({"name": signal.name, "start": start, "stop": stop, "unit": signal.unit})
        described[-1]["entries"] = list(signal.entries)
        start = stop
    return described
