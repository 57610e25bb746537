# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Writing a policy as ONNX, TorchScript and safetensors, and running what was written."""

from __future__ import annotations

import importlib.util
import statistics
import time
import torch
import warnings
from collections.abc import Callable
from pathlib import Path

from safetensors.torch import save

from ddpl_isaac.export.agent_policy import AgentPolicy, ExportError
from ddpl_isaac.names import path_component

SUFFIXES = {"onnx": ".onnx", "torchscript": ".pt", "safetensors": ".safetensors"}
"""Suffix of each format."""

_OPSET = 17
"""Operators of ONNX 1.12: old enough for the runtimes on robots, new enough for everything used here."""

_WARM_UP, _TIMED_CALLS = 20, 200

Runner = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Function of observation (B, o) and noise (H, B, d) to action (B, d)."""


def check_extra() -> None:
    """Refuse to begin without the packages of the extra ``export``.

    Raises:
        ExportError: If one is missing; names the command that installs it.
    """
    missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"The export needs {' and '.join(missing)}: pip install 'ddpl-isaac[export]'"
            " (with uv: uv run --extra export scripts/export.py ...)."
        )


def write_policy(policy: AgentPolicy, directory: Path) -> dict[str, str]:
    """Write a policy in all formats and return the names of the files by format."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {kind: path_component(policy.name) + suffix for kind, suffix in SUFFIXES.items()}
    num_steps = policy.schedule.num_steps
    # two states, as a single one could be taken for a fixed size
    example = torch.zeros(2, policy.obs_dim), torch.zeros(num_steps, 2, policy.action_dim)
    traced = torch.jit.freeze(torch.jit.trace(policy, example))
    traced.save(str(directory / files["torchscript"]))
    _write_onnx(policy, example, directory / files["onnx"])
    weights = {name: tensor.contiguous().clone() for name, tensor in policy.state_dict().items()}
    (directory / files["safetensors"]).write_bytes(save(weights))
    return files


def _write_onnx(policy: AgentPolicy, example: tuple[torch.Tensor, ...], path: Path) -> None:
    """Write an ONNX file for any number of states, and check it.

    The tracing exporter takes a second where that of torch.export takes half a minute for the unrolled chain, rounds
    like the trainer, and needs no further package.
    """
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=DeprecationWarning)
        torch.onnx.export(
            policy,
            example,
            str(path),
            input_names=["observation", "noise"],
            output_names=["action"],
            dynamic_axes={"observation": {0: "batch"}, "noise": {1: "batch"}, "action": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    onnx.checker.check_model(str(path), full_check=True)


def load_onnx(path: Path) -> Runner:
    """Return a function that runs an ONNX file by onnxruntime on one thread of the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(observation: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run(None, {"observation": observation.numpy(), "noise": noise.numpy()})[0])

    return run


def load_torchscript(path: Path) -> Runner:
    """Return a function that runs a TorchScript file on the CPU."""
    return torch.jit.load(str(path), map_location="cpu")


def latency(run: Runner, policy: AgentPolicy) -> float:
    """Return the median duration of an action for a single state [ms], noise included."""
    observation, seconds = torch.zeros(1, policy.obs_dim), []
    with torch.inference_mode():
        for _ in range(_WARM_UP + _TIMED_CALLS):
            start = time.perf_counter()
            run(observation, torch.randn(policy.schedule.num_steps, 1, policy.action_dim))
            seconds.append(time.perf_counter() - start)
    return 1e3 * statistics.median(seconds[_WARM_UP:])
