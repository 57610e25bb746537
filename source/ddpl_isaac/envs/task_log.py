# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task of Isaac Lab puts into ``extras`` to be logged. It only informs, so it never ends a training.

Shapes: N environments.
"""

from __future__ import annotations

import logging
import torch
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from ddpl_isaac.envs.returned_values import as_tensor, shaped
from ddpl_isaac.names import path_component

logger = logging.getLogger(__name__)


class TaskLog:
    """Reads ``extras``: whatever is a number is logged, the rest left out with one warning that names the key.

    Dictionaries in dictionaries become keys with a slash. Nothing waits for the device.
    """

    def __init__(self, task: str, agents: Mapping[Hashable, str], num_envs: int, device: str | torch.device) -> None:
        """Begin without a warning.

        Args:
            task: Identifier of the task, for warnings.
            agents: Name by agent.
            num_envs: Environments N.
            device: Where tensors belong.
        """
        self.task, self.num_envs, self.device = task, num_envs, device
        self.agents = {agent: path_component(name) for agent, name in agents.items()}
        self._warned: set[str] = set()

    def forget(self, extras: Any) -> None:
        """Drop the logs of the step before, which Isaac Lab keeps and which would count again."""
        if not isinstance(extras, dict):
            return
        extras["log"] = {}
        for agent in self.agents:
            if isinstance(extras.get(agent), dict):
                extras[agent].pop("log", None)

    def log(self, extras: Any) -> dict[str, float | torch.Tensor]:
        """Return the mean of everything logged in this step; what an agent logs is below its name. Shape: ()."""
        logged = dict(self._leaves("log", extras))
        for agent, name in self.agents.items():
            own = extras.get(agent) if isinstance(extras, Mapping) else None
            logged |= {f"{name}/{key.lstrip('/')}": value for key, value in self._leaves("log", own)}
        means = {key: _mean(value, self.device) for key, value in logged.items()}
        for key, mean in means.items():
            if mean is None:
                self._warn("log", key, logged[key], "a number, or a tensor or array of numbers")
        return {key: mean for key, mean in means.items() if mean is not None}

    def metrics(self, extras: Any) -> dict[str, torch.Tensor]:
        """Return the metrics of the episodes that end; what is not finite becomes NaN, which counts nowhere.

        Returns:
            Values by metric. Shape of each: (N,).
        """
        metrics = {}
        for key, value in self._leaves("metrics", extras):
            tensor = shaped(value, (self.num_envs,), self.device, single=True)
            if tensor is None:
                self._warn("metrics", key, value, f"a number for each of the {self.num_envs} environments")
            else:
                metrics[key] = torch.where(tensor.isfinite(), tensor.float(), torch.nan)
        return metrics

    def _leaves(self, section: str, extras: Any) -> Iterator[tuple[str, Any]]:
        """Yield what a section of extras holds, which may be missing, in all its levels."""
        values = extras.get(section) if isinstance(extras, Mapping) else None
        if isinstance(values, Mapping):
            yield from _flat(values)
        elif values is not None:
            self._warn(section, "", values, "a dictionary")

    def _warn(self, section: str, key: str, value: Any, valid: str) -> None:
        """Say once for every key what is left out."""
        where = f"extras['{section}']" + (f"[{key!r}]" if key else "")
        if where not in self._warned:
            self._warned.add(where)
            logger.warning(f"{where} of {self.task} is left out: a {type(value).__name__}, not {valid}.")


def _flat(values: Mapping[Any, Any], prefix: str = "", depth: int = 8) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested dictionaries, whose keys are joined by slashes."""
    for key, value in values.items():
        name = prefix + str(key).encode(errors="backslashreplace").decode()
        if isinstance(value, Mapping) and depth > 0:
            yield from _flat(value, f"{name}/", depth - 1)
        else:
            yield name, value


def _mean(value: Any, device: str | torch.device) -> float | torch.Tensor | None:
    """Return the mean of what a value holds, or None if that is not a number at least."""
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return None
    tensor = as_tensor(value, device)
    return tensor.detach().float().mean() if tensor is not None and tensor.numel() else None
