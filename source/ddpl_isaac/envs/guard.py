# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Detection of non-finite observations and rewards that costs no wait for the device in a step."""

from __future__ import annotations

import torch
from pathlib import Path
from tensordict import TensorDict


class NonFiniteError(ValueError):
    """The simulator produced a number that is infinite or not a number."""


class NonFiniteGuard:
    """Remembers the first step in which an environment returned a non-finite number, on the device.

    ``check`` runs in every step, ``raise_if_found`` once per iteration, so an iteration may be collected in vain, but
    none is learned from if it is asked before the update.
    """

    steps: int
    """Environment steps (of the batch) checked so far. Set it when a run is resumed."""

    def __init__(self, names: list[str], num_envs: int, device: str | torch.device, steps: int = 0) -> None:
        """Allocate the record.

        Args:
            names: Entries of the observation to check: the agents, and ``"state"`` where there is one.
            num_envs: Number of environments.
            device: Device of the observations.
            steps: Steps that the run has made before.
        """
        self.names, self.num_envs, self.steps = list(names), num_envs, steps
        self._labels = [*self.names, *(f"last {name} of the episode" for name in self.names), "reward"]
        # [found, step, environment, number of environments, one flag per label]
        self._record = torch.zeros(4 + len(self._labels), dtype=torch.long, device=device)

    def check(
        self, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, final_obs: TensorDict | None = None
    ) -> None:
        """Look at what one environment step returned.

        Args:
            obs: Observations.
            rewards: Team rewards. Shape: (num_envs,).
            dones: Finished episodes; only these rows of ``final_obs`` count. Shape: (num_envs,).
            final_obs: Last observations of finished episodes.
        """
        bad = [~obs[name].isfinite().flatten(1).all(dim=1) for name in self.names]
        if final_obs is None:
            bad += [torch.zeros_like(bad[0])] * len(self.names)
        else:
            bad += [~final_obs[name].isfinite().flatten(1).all(dim=1) & (dones > 0) for name in self.names]
        flags = torch.stack([*bad, ~rewards.isfinite()])
        rows = flags.any(dim=0)
        env = rows.long().argmax()  # the first, where there are several
        step = torch.full_like(env, self.steps)
        # An index of no dimension would be read on the host, so it is selected by one of one element.
        entries = flags.index_select(1, env.unsqueeze(0)).squeeze(1).long()
        record = torch.cat((torch.stack((rows.any().long(), step, env, rows.sum())), entries))
        self._record = torch.where(self._record[0] > 0, self._record, record)
        self.steps += 1

    def raise_if_found(self, last_checkpoint: str | Path | None = None) -> None:
        """Raise if any step so far was not finite. Waits for the device.

        Args:
            last_checkpoint: Newest checkpoint of the run, which the message names.

        Raises:
            NonFiniteError: Names environment, step, entries, what was kept and what to try.
        """
        found, step, env, count, *flags = self._record.tolist()
        if not found:
            return
        entries = ", ".join(label for label, flag in zip(self._labels, flags, strict=True) if flag)
        kept = f"The checkpoint {last_checkpoint} was kept" if last_checkpoint else "No checkpoint was saved yet"
        resume = f"; resume with --checkpoint {last_checkpoint}" if last_checkpoint else ""
        raise NonFiniteError(
            f"The simulator returned numbers that are not finite: environment {env} (the first of {count} among"
            f" {self.num_envs}) at step {step} of the run, in: {entries}. {kept}{resume}. If it happens again, try a"
            " smaller physics step (env.sim.dt), weaker actuators, or another engine (physics=...)."
        )
