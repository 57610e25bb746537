# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""rsl_rl's logger without its wait for the device in every environment step."""

from __future__ import annotations

import datetime
import itertools
import sys
import torch
from collections import deque
from typing import Any

from rsl_rl.utils.logger import Logger
from rsl_rl.utils.wandb_log_writer import WandbLogWriter

import ddpl_isaac
from ddpl_isaac.runtime.ranks import is_distributed

_SUCCESS_TAGS = ("Episode/success", "Metrics/success_rate")
"""Where the success of the progress line comes from: what finished episodes report, else Isaac Lab's own log."""


class InterruptedBetweenIterationsError(KeyboardInterrupt):
    """The training was asked to end and did so where its state is whole."""


class TrainingLogger(Logger):
    """Writes scalars against the iteration, under rsl_rl's tags, and prints one line per iteration.

    Sums stay on the device and are read once per iteration, in one transfer. Returns, lengths and the environment's
    metrics are means over the episodes that finished in the iteration; where none did, nothing is written and the
    progress line repeats the last value. rsl_rl averages the last 100 episodes instead, which takes their list on
    the host in every step. Values in ``extras["log"]`` are averaged over the steps of the iteration that hold them.

    Without a directory nothing is written; counting and printing go on.
    """

    interrupted: bool
    """Set it to end the training after the iteration under way, by an :class:`InterruptedBetweenIterationsError`."""

    latest: dict[str, float]
    """Newest value of every scalar, by tag."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Allocate the sums. Arguments as in :class:`rsl_rl.utils.logger.Logger`."""
        super().__init__(*args, **kwargs)
        # The state of our code belongs to the run; rsl_rl comes as a package of a known version.
        self.git_status_repos = [ddpl_isaac.__file__]
        self.latest, self.interrupted = {}, False
        # a group of its own: gradients may be on their way between the ranks meanwhile
        self._group = torch.distributed.new_group(backend="gloo") if is_distributed() else None
        self._iteration_times: deque[float] = deque(maxlen=20)
        self._finished = torch.zeros(3, device=self.device)
        self._metrics: dict[str, torch.Tensor] = {}
        self._step_sums: dict[str, float | torch.Tensor] = {}
        self._step_counts: dict[str, int] = {}

    def process_env_step(
        self,
        rewards: torch.Tensor,
        dones: torch.Tensor,
        extras: dict,
        intrinsic_rewards: torch.Tensor | None = None,
    ) -> None:
        """Add an environment step to the sums, on the device alone.

        Args:
            rewards: Team rewards. Shape: (num_envs,).
            dones: Episodes that finished in this step. Shape: (num_envs,).
            extras: The environment's extras, of which ``log`` and ``metrics`` are used.
            intrinsic_rewards: Ignored.
        """
        del intrinsic_rewards  # rsl_rl's runner passes them; this learner has none
        done = dones > 0
        self.cur_reward_sum += rewards
        self.cur_episode_length += 1
        totals = torch.stack((self.cur_reward_sum, self.cur_episode_length, torch.ones_like(self.cur_reward_sum)))
        self._finished += torch.where(done, totals, 0.0).sum(dim=1)
        self.cur_reward_sum.masked_fill_(done, 0.0)
        self.cur_episode_length.masked_fill_(done, 0.0)

        for key, value in extras.get("metrics", {}).items():
            values = value.to(self._finished)
            # Other rows may hold anything, NaN included, so they are replaced and not multiplied.
            counted = done & ~values.isnan()
            total = torch.where(counted, torch.stack((values, torch.ones_like(values))), 0.0).sum(dim=1)
            self._metrics[key] = self._metrics[key] + total if key in self._metrics else total
        for key, value in extras.get("log", {}).items():
            mean = value.detach().to(self._finished).mean() if isinstance(value, torch.Tensor) else float(value)
            self._step_sums[key] = self._step_sums.get(key, 0.0) + mean
            self._step_counts[key] = self._step_counts.get(key, 0) + 1

    def log(
        self,
        it: int,
        start_it: int,
        total_it: int,
        collect_time: float,
        learn_time: float,
        loss_dict: dict,
        learning_rate: float,
        action_std: torch.Tensor | None = None,
        rnd_weight: float | None = None,
        print_minimal: bool = False,
        width: int = 80,
        pad: int = 40,
    ) -> None:
        """Read the sums, write the scalars of the iteration, print its line and start over.

        Args:
            it: Iteration.
            start_it: Ignored; the time left follows from the last iterations.
            total_it: Iteration at which training ends.
            collect_time: Time spent in the environments [s].
            learn_time: Time spent learning [s].
            loss_dict: Numbers or tensors of one element; keys with ``/`` are tags, others get the prefix ``Loss/``.
            learning_rate: Learning rate of the actor.
            action_std: Standard deviations of the policy, if it has any.
            rnd_weight: Ignored.
            print_minimal: Ignored.
            width: Ignored.
            pad: Ignored.

        Raises:
            InterruptedBetweenIterationsError: If :attr:`interrupted` is set.
        """
        del start_it, rnd_weight, print_minimal, width, pad  # rsl_rl's runner passes them
        scalars = self._means_over_steps() | {_tag("Loss", key): value for key, value in loss_dict.items()}
        scalars["Loss/learning_rate"] = learning_rate
        if action_std is not None:
            scalars["Policy/mean_std"] = action_std.mean()
        # last, as no task may take the place of what is measured here
        scalars |= self._steps_and_speed(collect_time, learn_time)
        self._write(self._read(scalars), it)
        if not self.disable_logs:
            sys.stdout.write(self._progress_line(it, total_it) + "\n")
            sys.stdout.flush()
        self._start_over()
        if self.interrupted:
            raise InterruptedBetweenIterationsError

    def _means_over_steps(self) -> dict[str, float | torch.Tensor]:
        """Return what the environment logged, averaged over the steps that hold it, by tag."""
        return {_tag("Episode", key): total / self._step_counts[key] for key, total in self._step_sums.items()}

    def _steps_and_speed(self, collect_time: float, learn_time: float) -> dict[str, float | torch.Tensor]:
        """Count the steps and the time [s] of an iteration, and return its speed and the steps so far, by tag."""
        num_steps = self.cfg["num_steps_per_env"] * self.num_envs * self.gpu_world_size
        seconds = collect_time + learn_time
        self.tot_timesteps += num_steps
        self.tot_time += seconds
        self._iteration_times.append(seconds)
        return {
            "Perf/total_fps": num_steps / max(seconds, 1e-9),
            "Perf/collection_time": collect_time,
            "Perf/learning_time": learn_time,
            "Train/env_steps": self.tot_timesteps,
        }

    def _start_over(self) -> None:
        """Forget the sums of the iteration."""
        self._finished.zero_()
        self._metrics, self._step_sums, self._step_counts = {}, {}, {}

    def state_dict(self) -> dict[str, Any]:
        """Return the counters that a resumed run goes on from, and the sums of the episodes under way."""
        sums = {"reward_sum": self.cur_reward_sum, "episode_length": self.cur_episode_length}
        return {"tot_timesteps": self.tot_timesteps, "tot_time": self.tot_time, **sums}

    def load_state_dict(self, state: dict[str, Any], *, same_episodes: bool = False) -> None:
        """Go on from the counters of an earlier run, and from its sums if its episodes go on too."""
        if same_episodes:
            self.cur_reward_sum, self.cur_episode_length = state["reward_sum"], state["episode_length"]
        self.tot_timesteps, self.tot_time = int(state["tot_timesteps"]), float(state["tot_time"])

    def _read(self, scalars: dict[str, float | torch.Tensor]) -> dict[str, float]:
        """Return all scalars of the iteration as numbers, after the only transfer from the device."""
        tensors = {tag: value for tag, value in scalars.items() if isinstance(value, torch.Tensor)}
        flat = [self._finished, *self._metrics.values(), *tensors.values()]
        values = torch.cat([tensor.detach().reshape(-1).to(self._finished) for tensor in flat]).tolist()
        (return_sum, length_sum, episodes), values = values[:3], values[3:]
        # tag: sum and number of what is averaged
        sums: dict[str, tuple[float, float]] = {}
        for key in self._metrics:
            (total, count), values = values[:2], values[2:]
            sums[_tag("Episode", key)] = total, count
        read = dict(zip(tensors, values, strict=True))
        sums |= {tag: (read[tag] if tag in read else float(value), 1.0) for tag, value in scalars.items()}
        sums["Train/mean_reward"], sums["Train/mean_episode_length"] = (return_sum, episodes), (length_sum, episodes)
        return {tag: total / count for tag, (total, count) in self._over_ranks(sums).items() if count}

    def _over_ranks(self, sums: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        """Add up the sums of all ranks, whose tags may differ; if one is interrupted, all are."""
        if self._group is None:
            return sums
        gathered: list[Any] = [None] * self.gpu_world_size
        torch.distributed.all_gather_object(gathered, (sums, self.interrupted), self._group)
        self.interrupted = any(interrupted for _, interrupted in gathered)
        added: dict[str, tuple[float, float]] = {}
        for tag, (total, count) in itertools.chain.from_iterable(theirs.items() for theirs, _ in gathered):
            before = added.get(tag, (0.0, 0.0))
            added[tag] = before[0] + total, before[1] + count
        return added

    def _write(self, numbers: dict[str, float], it: int) -> None:
        """Hand the scalars to the writer, if there is one, and keep them as the newest."""
        self.latest |= numbers
        if self.writer is None:
            return
        for tag, value in numbers.items():
            self.writer.add_scalar(tag, value, it)  # type: ignore[attr-defined]
        if "Train/mean_reward" in numbers and not isinstance(self.writer, WandbLogWriter):
            for tag in ("Train/mean_reward", "Train/mean_episode_length"):
                self.writer.add_scalar(f"{tag}/time", numbers[tag], int(self.tot_time))  # type: ignore[attr-defined]

    def _progress_line(self, it: int, total_it: int) -> str:
        """Return where the training stands, in one line."""
        parts = [f"iteration {it + 1}/{total_it}", f"{self.tot_timesteps:,} env steps"]
        parts.append(f"{self.latest['Perf/total_fps']:,.0f} steps/s")
        success = next((tag for tag in _SUCCESS_TAGS if tag in self.latest), None)
        named = [("return", "Train/mean_reward", ".2f"), ("length", "Train/mean_episode_length", ".1f")]
        for name, tag, form in [*named, *([("success", success, ".2f")] if success else [])]:
            parts.append(f"{name} {self.latest[tag]:{form}}" if tag in self.latest else f"{name} -")
        # The last iterations tell the speed better than all of them: the first one compiles.
        seconds = sum(self._iteration_times) / len(self._iteration_times) * (total_it - it - 1)
        return " | ".join([*parts, f"{datetime.timedelta(seconds=round(seconds))} left"])


def _tag(prefix: str, key: str) -> str:
    """Return the tag of a value: keys with a slash are tags already."""
    return key if "/" in key else f"{prefix}/{key}"
