# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Environments that return non-finite or huge numbers start anew, and too many end the run; nothing waits."""

from __future__ import annotations

import logging
import torch
from collections.abc import Callable, Mapping
from pathlib import Path
from tensordict import TensorDict
from typing import Any, NamedTuple

from ddpl_isaac.envs.broken_steps import BrokenSteps
from ddpl_isaac.errors import UserError
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs, place

logger = logging.getLogger(__name__)


HALF_PRECISION_MAX = 65504.0
"""Largest number of half precision."""


class NonFiniteError(UserError):
    """Too many environments returned a number that is not finite or huge."""


class DivergenceError(UserError):
    """The learner has a number that is not finite."""


def what_was_kept(last_checkpoint: str | Path | None) -> str:
    """Return a sentence on the newest checkpoint of a run that broke."""
    if not last_checkpoint:
        return "No checkpoint was saved yet."
    return f"The checkpoint {last_checkpoint} was kept; resume with --checkpoint {last_checkpoint}."


class NonFiniteGuard:
    """Takes what broken environments returned out of the data, has them start anew, and counts them.

    An environment is broken in a step if an observation, the reward, the action or, where an episode ended, a last
    observation is not finite, or larger than ``max_magnitude``: one finite number of 1e20 among millions would ruin
    every running variance. Its episode is cut there with a reward of 0, and again in the next step, in which it starts
    anew: two transitions from a sound observation to itself take the place of those that cannot be known.

    ``mend`` runs in every step on the device alone, ``check`` once per iteration, before anything is learned. What is
    kept between steps is written in place, where a graph finds it again, in tensors that outlive the inference mode in
    which rollouts run.
    """

    def __init__(
        self,
        names: list[str],
        num_envs: int,
        device: str | torch.device,
        *,
        max_share: float = 0.0,
        max_magnitude: float = torch.finfo(torch.float32).max,
        restart: Callable[[torch.Tensor], None] = lambda _: None,
        steps: int = 0,
        captures: bool = False,
    ) -> None:
        """Allocate the record.

        Args:
            names: Entries of the observation to check: the agents, and ``"state"`` where there is one.
            num_envs: Number of environments.
            device: Device of the observations.
            max_share: Share of the environments that may break in an iteration.
            max_magnitude: Largest magnitude of an observation and a reward, for good.
            restart: Has environments start new episodes in their next step. Shape of its argument: (num_envs,), bool.
            steps: Steps that the run has made before.
            captures: Whether mending becomes a CUDA graph.
        """
        self.names, self.num_envs = list(names), num_envs
        self.max_share, self.max_magnitude, self.restart = max_share, max_magnitude, restart
        labels = [*self.names, *(f"last {name} of the episode" for name in self.names), "reward", "action"]
        self._broken = BrokenSteps(labels, num_envs, device)
        with torch.inference_mode(False):
            self._steps = torch.full((1,), steps, device=device)
            self._restarting = torch.zeros(num_envs, dtype=torch.bool, device=device)
        self._last: dict[str, torch.Tensor] = {}
        self._graphs = CudaGraphs(captures)

    @property
    def steps(self) -> int:
        """Environment steps (of the batch) mended so far; asks the device. Set it when a run is resumed."""
        return int(self._steps)

    @steps.setter
    def steps(self, steps: int) -> None:
        self._steps.fill_(steps)

    def begin(self, obs: TensorDict) -> None:
        """Take the first observations of a run, which stand in for those of environments that break at once.

        What is broken in them becomes 0 in place; such environments count, and start anew in the next step.
        """
        sound = {name: self._sound(obs[name]) for name in self.names}
        for name in self.names:
            first = torch.where(sound[name], obs[name], 0.0)
            place(self._last, name, first).copy_(first)
        bad = [~sound[name].flatten(1).all(dim=1) for name in self.names]
        flags = torch.stack([*bad, *[torch.zeros_like(bad[0])] * (len(self._broken.labels) - len(bad))])
        broken = flags.any(dim=0)
        nothing = torch.zeros(self.num_envs, device=flags.device)
        rows = {"reward": nothing, **{f"after/{name}": obs[name] for name in self.names}}
        self._broken.add(self._steps, flags, broken, self._before() | rows)
        for name in self.names:
            obs[name] = self._last[name].clone()
        self._restarting.copy_(broken)
        self.restart(broken)

    def mend(
        self, actions: torch.Tensor, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> torch.Tensor:
        """Replace, in place, what broken environments returned from a step.

        Args:
            actions: Actions taken, for the snapshot. Shape: (num_envs, ...).
            obs: Observations.
            rewards: Team rewards. Shape: (num_envs,).
            dones: Finished episodes. Shape: (num_envs,).
            extras: Of the protocol; metrics of episodes that are cut here become NaN, which counts nowhere, and the
                number of broken environments joins the log.

        Returns:
            Environments that broke in this step. Shape: (num_envs,), bool.
        """
        final, metrics = extras.get("final_obs"), extras.get("metrics", {})
        entries = [seen[name] for seen in (obs, final) if seen is not None for name in self.names]
        given = actions, rewards, dones, extras["time_outs"], *entries, *metrics.values()
        mended = self._graphs.keep(self._mend, *given, any_finished=final is not None)
        for name in self.names:
            obs[name] = mended.obs[name]
        extras["final_obs"] = TensorDict(mended.final_obs, batch_size=[self.num_envs])
        extras["time_outs"] = mended.time_outs
        if metrics:
            extras["metrics"] = dict(zip(metrics, mended.metrics, strict=True))
        extras["log"] = {**extras.get("log", {}), "Faults/broken_envs": mended.broken.sum()}
        rewards.masked_fill_(mended.cut, 0.0)
        dones.masked_fill_(mended.cut, 1)
        self.restart(mended.broken)
        return mended.broken

    def _mend(self, *given: torch.Tensor, any_finished: bool) -> _Mended:
        """Compute what takes the place of what was given; if any finished, there are last observations as well."""
        actions, rewards, dones, time_outs, *others = given
        num, num_final = len(self.names), len(self.names) * any_finished
        obs, final = (dict(zip(self.names, others[i : i + num], strict=True)) for i in (0, num_final))
        flags = self._flags(actions, obs, rewards, dones, final if any_finished else None)
        broken = flags.any(dim=0)
        rows = {"actions": actions, "reward": rewards, **self._before()}
        for name in self.names:
            rows |= {f"after/{name}": obs[name], f"final/{name}": final[name]}
        self._broken.add(self._steps, flags, broken, rows)
        cut = broken | self._restarting
        last = {name: torch.where(cut[:, None], self._last[name], final[name]) for name in self.names}
        sound = {name: torch.where(broken[:, None], self._last[name], obs[name]) for name in self.names}
        for name in self.names:
            place(self._last, name, sound[name]).copy_(sound[name])
        self._restarting.copy_(broken)
        self._steps.add_(1)
        # those of episodes that are cut here count nowhere
        metrics = tuple(value.float().masked_fill(cut, torch.nan) for value in others[num + num_final :])
        return _Mended(sound, last, metrics, time_outs | cut, cut, broken)

    def check(self, last_checkpoint: str | Path | None = None) -> None:
        """Say which environments broke since the last check, or end the run. Waits for the device.

        Args:
            last_checkpoint: Newest checkpoint of the run, which the error names.

        Raises:
            NonFiniteError: If they are too many; names environment, step, entries, what was kept and what to try.
        """
        told = self._broken.describe(self.max_magnitude)
        if told is None:
            return
        count, what = told
        if count > self.max_share * self.num_envs:
            raise NonFiniteError(
                f"The simulator returned numbers that are not finite or beyond agent.max_magnitude: {what} More than"
                f" agent.max_broken_share = {self.max_share:g} of the environments broke in an iteration."
                f" {what_was_kept(last_checkpoint)} If it happens again, bound or rescale what the task returns, or try"
                " a smaller physics step (env.sim.dt), weaker actuators, or another engine (physics=...)."
            )
        logger.warning(f"Environments with numbers that are not finite or too large start anew: {what}")
        self._broken.clear()

    def snapshot(self) -> dict[str, Any]:
        """Return the first broken step and the count of broken steps of each environment since the last check.

        ``before``, ``actions``, ``after`` and ``reward`` are those of the first environment that broke.
        """
        return self._broken.snapshot()

    def _before(self) -> dict[str, torch.Tensor]:
        """Return what was sound last."""
        return {f"before/{name}": self._last[name] for name in self.names}

    def _sound(self, values: torch.Tensor) -> torch.Tensor:
        """Return what is finite and not too large."""
        return values.abs() <= self.max_magnitude

    def _flags(
        self,
        actions: torch.Tensor,
        obs: Mapping[str, torch.Tensor],
        rewards: torch.Tensor,
        dones: torch.Tensor,
        final_obs: Mapping[str, torch.Tensor] | None,
    ) -> torch.Tensor:
        """Return what is broken. Shape: (number of labels, num_envs)."""
        bad = [~self._sound(obs[name]).flatten(1).all(dim=1) for name in self.names]
        # Where an environment starts anew, the end of its broken episode was counted before.
        counts = ~self._restarting
        if final_obs is None:
            bad += [torch.zeros_like(bad[0])] * len(self.names)
        else:
            ended = (dones > 0) & counts
            bad += [~self._sound(final_obs[name]).flatten(1).all(dim=1) & ended for name in self.names]
        return torch.stack([*bad, ~self._sound(rewards) & counts, ~actions.isfinite().flatten(1).all(dim=1)])


class _Mended(NamedTuple):
    """What takes the place of a step's results."""

    obs: dict[str, torch.Tensor]
    """Observations to act on next."""

    final_obs: dict[str, torch.Tensor]
    """Last observations of the episodes that end, broken ones included."""

    metrics: tuple[torch.Tensor, ...]
    """NaN where an episode is cut. Shape of each: (num_envs,)."""

    time_outs: torch.Tensor
    """Episodes that a limit or the guard cuts. Shape: (num_envs,)."""

    cut: torch.Tensor
    """Episodes that the guard cuts. Shape: (num_envs,), bool."""

    broken: torch.Tensor
    """Environments that broke in this step. Shape: (num_envs,), bool."""
