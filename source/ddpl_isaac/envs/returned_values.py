# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a task returns in a step: for all its agents, of the shapes that its spaces promise, or an error that says so.

Shapes: N environments.
"""

from __future__ import annotations

import math
import torch
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any

from ddpl_isaac.errors import UserError

if TYPE_CHECKING:
    from ddpl_isaac.envs.isaac_lab.spaces import TaskSpaces


class ReturnedValueError(UserError):
    """A task returned something that it must not return. The message says what, for which agent, and what is valid."""


class ReturnedValues:
    """Turns what a task returns into tensors of the right shape on the device.

    Taken are tensors, arrays and lists of real numbers with one row per environment; the rows may have another shape
    than the space says if their size is the same, so that a column (N, 1) will do for (N,). A single number as reward
    or flag is that of all environments; numbers that are not 0 are true. Every dictionary must hold all possible agents
    and nothing else in every step, also those that are inactive.

    Only keys and shapes are looked at, so nothing waits for the device.
    """

    def __init__(
        self,
        task: str,
        spaces: TaskSpaces,
        num_envs: int,
        device: str | torch.device,
    ) -> None:
        """Note what is valid.

        Args:
            task: Identifier of the task, for messages.
            spaces: Its spaces.
            num_envs: Environments N.
            device: Where tensors belong.
        """
        self.task, self.num_envs, self.device = task, num_envs, device
        self._shapes = {agent: (num_envs, *space.shape) for agent, space in spaces.observations.items()}
        self._state_shape = None if spaces.state is None else (num_envs, *spaces.state.shape)
        self._numbers = dict.fromkeys(spaces.observations, (num_envs,))

    def watch(self, env: Any) -> None:
        """Have a ``DirectMARLEnv`` get from its task only what has been checked."""
        checks = {"observations": self.observations, "rewards": self.rewards, "dones": self.dones}
        if self._state_shape is not None:
            checks["states"] = self.state
        for what, check in checks.items():
            setattr(env, f"_get_{what}", _after(getattr(env, f"_get_{what}"), check))

    def observations(self, returned: Any) -> dict[Hashable, torch.Tensor]:
        """Check what ``_get_observations`` returned. Shape by agent: (N, *shape of its space).

        Raises:
            ReturnedValueError: If an agent is missing, a key is none of an agent's, or a value has another shape.
        """
        return self._by_agent("_get_observations", returned, self._shapes)

    def state(self, returned: Any) -> torch.Tensor:
        """Check what ``_get_states`` returned. Shape: (N, *shape of the space).

        Raises:
            ReturnedValueError: If it has another shape.
        """
        assert self._state_shape is not None
        return self._tensor("_get_states", "", returned, self._state_shape, single=False)

    def rewards(self, returned: Any) -> dict[Hashable, torch.Tensor]:
        """Check what ``_get_rewards`` returned. Shape by agent: (N,), float.

        Raises:
            ReturnedValueError: As in :meth:`observations`.
        """
        rewards = self._by_agent("_get_rewards", returned, self._numbers, single=True)
        return {agent: reward.float() for agent, reward in rewards.items()}

    def dones(self, returned: Any) -> tuple[dict[Hashable, torch.Tensor], dict[Hashable, torch.Tensor]]:
        """Check the two dictionaries that ``_get_dones`` returned. Shape by agent: (N,), bool.

        Raises:
            ReturnedValueError: As in :meth:`observations`, or if there are not two of them.
        """
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            raise ReturnedValueError(
                f"_get_dones of {self.task} returned {_described(returned)}; it must return two dictionaries, what"
                " terminated and what ran out of time."
            )
        names = "_get_dones (terminated)", "_get_dones (time-outs)"
        flags = (
            self._by_agent(name, value, self._numbers, single=True) for name, value in zip(names, returned, strict=True)
        )
        terminated, time_outs = ({agent: flag.bool() for agent, flag in part.items()} for part in flags)
        return terminated, time_outs

    def _by_agent(
        self, source: str, returned: Any, shapes: Mapping[Hashable, tuple[int, ...]], *, single: bool = False
    ) -> dict[Hashable, torch.Tensor]:
        """Check a dictionary with a value for every agent."""
        agents = ", ".join(repr(agent) for agent in shapes)
        if not isinstance(returned, Mapping):
            raise ReturnedValueError(
                f"{source} of {self.task} returned {_described(returned)}; it must return a dictionary with a tensor"
                f" for every agent: {agents}."
            )
        if returned.keys() != shapes.keys():
            missing = [agent for agent in shapes if agent not in returned]
            unknown = [key for key in returned if key not in shapes]
            what = f"nothing for {missing[0]!r}" if missing else f"a value for {unknown[0]!r}, which is no agent"
            raise ReturnedValueError(
                f"{source} of {self.task} returned {what}; in every step it must return a value for exactly the agents"
                f" {agents}. One that is inactive observes zeros, gets no reward and counts as terminated."
            )
        return {
            agent: self._tensor(source, f" for {agent!r}", returned[agent], shape, single=single)
            for agent, shape in shapes.items()
        }

    def _tensor(self, source: str, whom: str, value: Any, shape: tuple[int, ...], *, single: bool) -> torch.Tensor:
        """Return a value as a tensor of a shape."""
        tensor = shaped(value, shape, self.device, single=single)
        if tensor is None:
            raise ReturnedValueError(
                f"{source} of {self.task} returned {_described(value)}{whom}; it must return a tensor of real numbers"
                f" of shape {shape}, in which {self.num_envs} is the number of environments."
            )
        return tensor


def _after(ask: Callable[[], Any], check: Callable[[Any], Any]) -> Callable[[], Any]:
    """Return a function that asks and checks the answer."""
    return lambda: check(ask())


def shaped(
    value: Any, shape: tuple[int, ...], device: str | torch.device, *, single: bool = False
) -> torch.Tensor | None:
    """Return a value as a tensor of a shape, or None if it cannot be meant.

    Args:
        value: Whatever a task returned.
        shape: Shape (N, ...).
        device: Where the tensor belongs.
        single: Whether a single number may stand for all.
    """
    tensor = as_tensor(value, device)
    if tensor is None or tensor.shape == shape:
        return tensor
    if single and tensor.dim() == 0:
        return tensor.expand(shape).clone()
    same_size = tensor.shape[:1] == shape[:1] and tensor.numel() == math.prod(shape)
    return tensor.reshape(shape) if same_size else None


def as_tensor(value: Any, device: str | torch.device) -> torch.Tensor | None:
    """Return a tensor, an array, a number or a list of real numbers as a dense tensor on the device; others as None."""
    value = getattr(value, "torch", value)  # Isaac Lab's arrays of the simulator
    try:
        tensor = value if isinstance(value, torch.Tensor) else torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):  # torch has one for each way of not being numbers
        return None
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
        return None
    return tensor.to(device)


def _described(value: Any) -> str:
    """Say in a few words what a value is."""
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    if shape is not None:
        return f"a {kind} of shape {tuple(shape)} and type {getattr(value, 'dtype', 'unknown')}"
    if isinstance(value, str | bool | int | float):
        return f"the {kind} {value!r:.40}"
    return f"a {kind}" if value is not None else "None"
