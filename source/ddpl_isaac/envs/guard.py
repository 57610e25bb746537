# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Environments that return non-finite or huge numbers start anew, and too many end the run; nothing waits."""

from __future__ import annotations

import logging
import torch
from collections.abc import Callable
from pathlib import Path
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.errors import UserError

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

    ``mend`` runs in every step on the device alone, ``check`` once per iteration, before anything is learned.
    """

    max_magnitude: float
    """Largest magnitude that counts as sound."""

    steps: int
    """Environment steps (of the batch) mended so far. Set it when a run is resumed."""

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
    ) -> None:
        """Allocate the record.

        Args:
            names: Entries of the observation to check: the agents, and ``"state"`` where there is one.
            num_envs: Number of environments.
            device: Device of the observations.
            max_share: Share of the environments that may break in an iteration.
            max_magnitude: Largest magnitude of an observation and a reward.
            restart: Has environments start new episodes in their next step. Shape of its argument: (num_envs,), bool.
            steps: Steps that the run has made before.
        """
        self.names, self.num_envs, self.steps = list(names), num_envs, steps
        self.max_share, self.max_magnitude, self.restart = max_share, max_magnitude, restart
        self._labels = [*self.names, *(f"last {name} of the episode" for name in self.names), "reward", "action"]
        self._restarting = torch.zeros(num_envs, dtype=torch.bool, device=device)
        self._broken_steps = torch.zeros(num_envs, dtype=torch.long, device=device)
        # of the first broken step: [found, step, environment, one flag per label]
        self._record = torch.zeros(3 + len(self._labels), dtype=torch.long, device=device)
        self._last: dict[str, torch.Tensor] = {}
        self._first: dict[str, torch.Tensor] = {}

    def begin(self, obs: TensorDict) -> None:
        """Take the first observations of a run, which stand in for those of environments that break at once.

        What is broken in them becomes 0 in place; such environments count, and start anew in the next step.
        """
        sound = {name: self._sound(obs[name]) for name in self.names}
        self._last = {name: torch.where(sound[name], obs[name], 0.0) for name in self.names}
        bad = [~sound[name].flatten(1).all(dim=1) for name in self.names]
        flags = torch.stack([*bad, *[torch.zeros_like(bad[0])] * (len(self._labels) - len(bad))])
        self._restarting = flags.any(dim=0)
        nothing = torch.zeros(self.num_envs, device=flags.device)
        self._remember(flags, self._restarting, {"reward": nothing, **{f"after/{n}": obs[n] for n in self.names}})
        for name in self.names:
            obs[name] = self._last[name]
        self.restart(self._restarting)

    def mend(
        self, actions: torch.Tensor, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict[str, Any]
    ) -> None:
        """Replace, in place, what broken environments returned from a step.

        Args:
            actions: Actions taken, for the snapshot. Shape: (num_envs, ...).
            obs: Observations.
            rewards: Team rewards. Shape: (num_envs,).
            dones: Finished episodes. Shape: (num_envs,).
            extras: Of the protocol; metrics of episodes that are cut here become NaN, which counts nowhere, and the
                number of broken environments joins the log.
        """
        final = extras.get("final_obs", obs)
        flags = self._flags(actions, obs, rewards, dones, extras.get("final_obs"))
        broken = flags.any(dim=0)
        rows = {"actions": actions, "reward": rewards}
        for name in self.names:
            rows |= {f"after/{name}": obs[name], f"final/{name}": final[name]}
        self._remember(flags, broken, rows)
        cut = broken | self._restarting
        last = {name: torch.where(cut[:, None], self._last[name], final[name]) for name in self.names}
        for name in self.names:
            obs[name] = torch.where(broken[:, None], self._last[name], obs[name])
        extras["final_obs"] = TensorDict(last, batch_size=[self.num_envs])
        extras["time_outs"] = extras["time_outs"] | cut
        if "metrics" in extras:
            metrics = {name: value.float().masked_fill(cut, torch.nan) for name, value in extras["metrics"].items()}
            extras["metrics"] = metrics
        extras["log"] = {**extras.get("log", {}), "Faults/broken_envs": broken.sum()}
        rewards.masked_fill_(cut, 0.0)
        dones.masked_fill_(cut, 1)
        self.restart(broken)
        self._restarting, self._last = broken, {name: obs[name] for name in self.names}
        self.steps += 1

    def check(self, last_checkpoint: str | Path | None = None) -> None:
        """Say which environments broke since the last check, or end the run. Waits for the device.

        Args:
            last_checkpoint: Newest checkpoint of the run, which the error names.

        Raises:
            NonFiniteError: If they are too many; names environment, step, entries, what was kept and what to try.
        """
        count, found, step, env, *flags = torch.cat(((self._broken_steps > 0).sum()[None], self._record)).tolist()
        if not found:
            return
        entries = [label for label, flag in zip(self._labels, flags, strict=True) if flag]
        what = (
            f"environment {env} (the first of {count} among {self.num_envs}) at step {step} of the run, in:"
            f" {', '.join(entries)}. {self._first_number(entries[0])}"
        )
        if count > self.max_share * self.num_envs:
            raise NonFiniteError(
                f"The simulator returned numbers that are not finite or beyond agent.max_magnitude: {what} More than"
                f" agent.max_broken_share = {self.max_share:g} of the environments broke in an iteration."
                f" {what_was_kept(last_checkpoint)} If it happens again, bound or rescale what the task returns, or try"
                " a smaller physics step (env.sim.dt), weaker actuators, or another engine (physics=...)."
            )
        logger.warning(f"Environments with numbers that are not finite or too large start anew: {what}")
        # not in place: they may come from the inference mode in which rollouts run
        self._record, self._broken_steps = torch.zeros_like(self._record), torch.zeros_like(self._broken_steps)

    def _first_number(self, label: str) -> str:
        """Return a sentence on the first unsound number of an entry of the first broken step."""
        name = label.removeprefix("last ").removesuffix(" of the episode")
        kind = "final" if name != label else "after"
        numbers = (
            self._first[{"reward": "reward", "action": "actions"}.get(label, f"{kind}/{name}")].reshape(-1).tolist()
        )
        column = next((i for i, x in enumerate(numbers) if not abs(x) <= self.max_magnitude), 0)
        place = name if label == "reward" else f"Column {column} of {name}"
        return f"{place[0].upper()}{place[1:]} was {numbers[column]:g}; the limit is {self.max_magnitude:g}."

    def snapshot(self) -> dict[str, Any]:
        """Return the first broken step and the count of broken steps of each environment since the last check.

        ``before``, ``actions``, ``after`` and ``reward`` are those of the first environment that broke.
        """
        _, step, env, *flags = self._record.tolist()
        entries = [label for label, flag in zip(self._labels, flags, strict=True) if flag]
        counts = {"step": step, "environment": env, "entries": entries, "broken_steps": self._broken_steps}
        return counts | self._first

    def _sound(self, values: torch.Tensor) -> torch.Tensor:
        """Return what is finite and not too large."""
        return values.abs() <= self.max_magnitude

    def _flags(
        self,
        actions: torch.Tensor,
        obs: TensorDict,
        rewards: torch.Tensor,
        dones: torch.Tensor,
        final_obs: TensorDict | None,
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

    def _remember(self, flags: torch.Tensor, broken: torch.Tensor, rows: dict[str, torch.Tensor]) -> None:
        """Keep the first broken step since the last check."""
        # An index of no dimension would be read on the host, so it is one of one element.
        env = broken.long().argmax().unsqueeze(0)
        entries = flags.index_select(1, env).squeeze(1).long()
        record = torch.cat((broken.any()[None].long(), torch.full_like(env, self.steps), env, entries))
        found = self._record[0] > 0
        for name, value in ({f"before/{name}": self._last[name] for name in self.names} | rows).items():
            row = value.index_select(0, env).squeeze(0)
            self._first[name] = torch.where(found, self._first[name], row) if name in self._first else row
        self._record = torch.where(found, self._record, record)
        self._broken_steps = self._broken_steps + broken
