# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What is remembered of environments that broke, on the device, until somebody asks."""

from __future__ import annotations

import torch
from typing import Any

from ddpl_isaac.runtime.cuda_graphs import place


class BrokenSteps:
    """The first broken step, and how often each environment broke, since they were last cleared.

    All is written in place, where a graph finds it again, in tensors that outlive inference mode.
    """

    def __init__(self, labels: list[str], num_envs: int, device: str | torch.device) -> None:
        """Begin with none.

        Args:
            labels: What can break: entries of the observation, ``"last ... of the episode"``, reward and action.
            num_envs: Number of environments.
            device: Device of all tensors.
        """
        self.labels, self._num_envs = labels, num_envs
        with torch.inference_mode(False):
            self._counts = torch.zeros(num_envs, dtype=torch.long, device=device)
            # of the first broken step: [found, step, environment, one flag per label]
            self._record = torch.zeros(3 + len(labels), dtype=torch.long, device=device)
        self._first: dict[str, torch.Tensor] = {}

    def add(self, step: torch.Tensor, flags: torch.Tensor, broken: torch.Tensor, rows: dict[str, torch.Tensor]) -> None:
        """Count a step, and keep it if it is the first broken one.

        Args:
            step: Its number. Shape: (1,).
            flags: What is broken. Shape: (number of labels, num_envs).
            broken: Where anything is. Shape: (num_envs,).
            rows: What is kept of the first environment that broke. Shape of each: (num_envs, ...).
        """
        # An index of no dimension would be read on the host, so it is one of one element.
        env = broken.long().argmax().unsqueeze(0)
        record = torch.cat((broken.any()[None].long(), step, env, flags.index_select(1, env).squeeze(1).long()))
        found = self._record[0] > 0
        for name, value in rows.items():
            row = value.index_select(0, env).squeeze(0)
            first = place(self._first, name, row)
            torch.where(found, first, row.to(first.dtype), out=first)
        torch.where(found, self._record, record, out=self._record)
        self._counts.add_(broken)

    def clear(self) -> None:
        """Forget them."""
        self._record.zero_()
        self._counts.zero_()

    def describe(self, max_magnitude: float) -> tuple[int, str] | None:
        """Return how many environments broke and a sentence on the first; None without any. Waits for the device."""
        count, found, step, env, *flags = torch.cat(((self._counts > 0).sum()[None], self._record)).tolist()
        if not found:
            return None
        entries = self._entries(flags)
        return count, (
            f"environment {env} (the first of {count} among {self._num_envs}) at step {step} of the run, in:"
            f" {', '.join(entries)}. {self._first_number(entries[0], max_magnitude)}"
        )

    def snapshot(self) -> dict[str, Any]:
        """Return step, environment, entries and rows of the first broken step, and all counts. Waits for the device."""
        _, step, env, *flags = self._record.tolist()
        entries = self._entries(flags)
        return {"step": step, "environment": env, "entries": entries, "broken_steps": self._counts, **self._first}

    def _entries(self, flags: list[int]) -> list[str]:
        return [label for label, flag in zip(self.labels, flags, strict=True) if flag]

    def _first_number(self, label: str, max_magnitude: float) -> str:
        """Return a sentence on the first unsound number of an entry of the first broken step."""
        name = label.removeprefix("last ").removesuffix(" of the episode")
        kind = "final" if name != label else "after"
        row = self._first[{"reward": "reward", "action": "actions"}.get(label, f"{kind}/{name}")]
        numbers = row.reshape(-1).tolist()
        column = next((i for i, x in enumerate(numbers) if not abs(x) <= max_magnitude), 0)
        number = name if label == "reward" else f"Column {column} of {name}"
        return f"{number[0].upper()}{number[1:]} was {numbers[column]:g}; the limit is {max_magnitude:g}."
