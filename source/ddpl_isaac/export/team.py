# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Exporting all agents of a team, and holding what was written against the trainer.

Shapes: N environments, A agents, D widest action, H denoising steps.
"""

from __future__ import annotations

import json
import torch
from collections.abc import Mapping
from pathlib import Path
from tensordict import TensorDict
from typing import Any, NamedTuple

from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.envs.signals import AgentSignals
from ddpl_isaac.export.agent_policy import AgentPolicy, ExportError
from ddpl_isaac.export.files import latency, load_onnx, load_torchscript, write_policy
from ddpl_isaac.export.sidecar import make_sidecar
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.names import path_component
from ddpl_isaac.tables import markdown_table

TOLERANCE = 1e-5
"""Largest difference between the trainer's and an exported action, in units of the action box's half-width."""


class ExportedAgent(NamedTuple):
    """What was written for an agent, and how it compares."""

    name: str
    """Name of the agent."""

    sizes: tuple[int, int]
    """Sizes of observation and action."""

    error: float
    """Largest difference from the trainer's actions, in units of the action box's half-width."""

    milliseconds: dict[str, float]
    """Median duration of an action by format [ms]."""


def export_team(
    policy: JointPolicy,
    obs: TensorDict,
    cfg: AlgorithmConfig,
    signals: Mapping[str, AgentSignals],
    directory: Path,
    origin: dict[str, Any],
) -> list[ExportedAgent]:
    """Write every agent into a directory, its sidecar last, and compare the files with the policy that was given.

    Args:
        policy: Policy of all agents, on the CPU.
        obs: Observations for the comparison. Shape of each: (N, obs_dim).
        cfg: The learner's settings.
        signals: What the columns mean, by agent.
        directory: Where the files go: ``<agent as a path>.onnx``, ``.pt``, ``.safetensors``
            and ``.json``.
        origin: What the sidecars say of where the policy comes from.

    Raises:
        ExportError: If a file disagrees with the trainer.
    """
    obs = obs.to("cpu")
    noise = torch.randn(cfg.sampler.num_steps, policy.stack.num_agents, obs.shape[0], policy.stack.action_dim)
    expected = trainer_actions(policy, obs, noise)
    exported = []
    for index in range(policy.stack.num_agents):
        agent = AgentPolicy(policy, index, cfg.actor)
        files = write_policy(agent, directory)
        runners = {
            "onnx": load_onnx(directory / files["onnx"]),
            "torchscript": load_torchscript(directory / files["torchscript"]),
        }
        inputs = obs[agent.name].contiguous(), noise[:, index, :, : agent.action_dim].contiguous()
        differences = [(run(*inputs) - expected[agent.name]).abs() for run in runners.values()]
        # a dimension whose limits are equal has no range: any difference counts as it is
        scale = torch.where(agent.action_half_width > 0.0, agent.action_half_width, 1.0)
        error = float((torch.stack(differences) / scale).max())
        if not error <= TOLERANCE:
            raise ExportError(
                f"The exported actions of '{agent.name}' differ from the trainer's by {error:.1e} of the action range,"
                f" more than {TOLERANCE:.0e}. No file was written."
            )
        sidecar = make_sidecar(agent, signals[agent.name], cfg.sampler, files, origin)
        (directory / f"{path_component(agent.name)}.json").write_text(json.dumps(sidecar, indent=1) + "\n")
        milliseconds = {kind: latency(run, agent) for kind, run in runners.items()}
        exported.append(ExportedAgent(agent.name, (agent.obs_dim, agent.action_dim), error, milliseconds))
    return exported


@torch.no_grad()
def trainer_actions(policy: JointPolicy, obs: TensorDict, noise: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the trainer's action of every agent for given noise, in the environment's units. Shape: (N, action_dim).

    Args:
        policy: Policy of all agents.
        obs: Observations. Shape of each: (N, obs_dim).
        noise: Standard normal noise, padded to the widest action. Shape: (H, A, N, D).
    """
    assert isinstance(policy.actor, DiffusionActor)
    actions = policy.actor.sample_from(policy.normalized(obs), noise)[:, :, 0].transpose(0, 1)
    own = policy.stack.joint_action(actions).split(policy.stack.action_dims, dim=1)
    return dict(zip(policy.stack.names, own, strict=True))


def to_table(exported: list[ExportedAgent]) -> str:
    """Return a Markdown table of what was exported."""
    rows = [["agent", "observation", "action", "largest difference", "ONNX [ms]", "TorchScript [ms]"]]
    for agent in exported:
        speeds = [f"{agent.milliseconds[kind]:.2f}" for kind in ("onnx", "torchscript")]
        rows.append([path_component(agent.name), *map(str, agent.sizes), f"{agent.error:.1e}", *speeds])
    return markdown_table(rows)
