# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""DDPL that learns while the environments step.

A simulator on the CPU leaves the interpreter and a core to others for most of a step, and so do matrix products: side
by side they cost little more than the longer of the two.
"""

from __future__ import annotations

import torch
from concurrent.futures import Future, ThreadPoolExecutor
from tensordict import TensorDict
from typing import Any

from ddpl_isaac.algorithms.ddpl import DDPL
from ddpl_isaac.algorithms.policy_improvement import frozen_copy
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.ranks import is_distributed


class OverlappedDDPL(DDPL):
    """The gradient steps of an iteration run in a thread, while the next iteration is collected.

    The environments are played by a copy of the policies, one iteration old; what they return waits until the thread
    is idle. No tensor is ever written by one side and read by the other, and each has random numbers of its own, so a
    run repeats bit for bit whichever side is faster.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the learner, the policies that act and the thread."""
        super().__init__(*args, **kwargs)
        self.behavior = frozen_copy(self.actor)
        self.policy = JointPolicy(self.stack, self.obs_normalizer, self.behavior)
        self._waiting: list[tuple] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="learner")
        self._learning: Future[dict[str, torch.Tensor]] | None = None
        self._compile_samplers()

    @classmethod
    def construct_algorithm(cls, obs: TensorDict, env: MultiAgentVecEnv, cfg: dict, device: str) -> DDPL:
        """Build the learner for an environment, one that overlaps if that is wanted and of use; called by the runner.

        On a GPU it is of none: the environments and the learner share the device anyway. Several ranks must take turns,
        because two threads of each would start their transfers in an order that differs from rank to rank.
        """
        wanted = cfg["algorithm"]["overlap_learning"] and torch.device(device).type == "cpu"
        overlaps = wanted and not is_distributed()
        construct = super().construct_algorithm if overlaps else DDPL.construct_algorithm
        return construct(obs, env, cfg, device)

    def _compile_samplers(self) -> None:
        """Draw once in every way that learning and acting will: what is compiled here need not be in the thread.

        Compilation there would compete with that of the acting policies, and a thread that compiles must not end (see
        :func:`~ddpl_isaac.models.compilation.start_compiler`).
        """
        cfg, aside = self.cfg, torch.Generator(self.device)
        num_samples = cfg.issm.num_candidates + self.critic.marginal_samples

        def observations(rows: int) -> torch.Tensor:
            return torch.zeros(rows, self.stack.num_agents, self.stack.obs_dim, device=self.device)

        self.actor.sample(observations(cfg.replay.batch_size), generator=aside)
        self.improvement.reference.sample(observations(cfg.actor_batch_size), num_samples, aside)
        with torch.inference_mode():
            self.behavior.sample(observations(self.storage.num_envs), generator=aside)

    def update(self) -> dict[str, torch.Tensor]:
        """Start the gradient steps of this iteration.

        Returns:
            Metrics of the iteration before; none at first. Shape of each: ().

        Raises:
            Exception: Whatever the gradient steps of the iteration before raised.
        """
        metrics = self._metrics()
        for step in self._waiting:
            super()._record(*step)
        self._waiting.clear()
        self.behavior.load_state_dict(self.actor.state_dict())
        self._learning = self._thread.submit(self._learn, critics_alone=self.warming_up)
        return metrics

    def _record(
        self, actions: torch.Tensor, obs: TensorDict, rewards: torch.Tensor, dones: torch.Tensor, extras: dict
    ) -> None:
        """Keep a step until the thread is idle."""
        self._waiting.append((actions, obs, rewards, dones, extras))

    def finish(self) -> None:
        """Wait for the gradient steps under way."""
        self._metrics()

    def _metrics(self) -> dict[str, torch.Tensor]:
        """Wait for the gradient steps under way and return their metrics."""
        return {} if self._learning is None else self._learning.result()

    def broadcast_parameters(self) -> None:
        """Send the parameters of rank 0 to all ranks."""
        super().broadcast_parameters()
        for tensor in self.behavior.state_dict().values():
            torch.distributed.broadcast(tensor, src=0)

    def save(self) -> dict:
        """Everything but the replay, with the gradient steps under way."""
        metrics = self._metrics()
        state = super().save()
        state["modules"]["behavior"] = self.behavior.state_dict()
        state["metrics"] = metrics
        return state

    def load(self, state: dict, load_cfg: dict | None = None, strict: bool = True) -> bool:
        """Restore what :meth:`save` gave, or a learner's that did not overlap: its policies act at first."""
        self.finish()
        self._learning = Future()
        self._learning.set_result(state.get("metrics", {}))
        self._waiting.clear()
        restored = super().load(state, load_cfg, strict)
        modules = state["modules"]
        self.behavior.load_state_dict(modules.get("behavior", modules["actor"]), strict=strict)
        return restored
