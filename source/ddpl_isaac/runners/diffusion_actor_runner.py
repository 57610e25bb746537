# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The runner: rsl_rl's loop of collection and learning around a learner with a replay."""

from __future__ import annotations

import torch
from pathlib import Path

from rsl_rl.runners import OnPolicyRunner

from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.algorithms.soundness import first_nonfinite
from ddpl_isaac.config import TrainConfig, from_dict
from ddpl_isaac.envs.guard import DivergenceError, NonFiniteError, what_was_kept
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runners.checkpoint import CheckpointError, save_checkpoint
from ddpl_isaac.runners.checkpoint_identity import check_header, describe_learner
from ddpl_isaac.runners.random_state import get_random_state, set_random_state
from ddpl_isaac.runners.training_logger import TrainingLogger
from ddpl_isaac.runtime import ranks
from ddpl_isaac.runtime.configure import configure
from ddpl_isaac.seeds import Purpose, derive
from ddpl_isaac.storage.checkpoint_file import read_file, write_file


class DiffusionActorRunner(OnPolicyRunner):
    """Trains the :class:`~ddpl_isaac.algorithms.learner.Learner` of the settings.

    A resumed run starts new episodes unless the environment can restore its state; then it goes on bit for bit.
    """

    alg: Rollouts  # pyright: ignore[reportIncompatibleVariableOverride]
    """What acts, with the learner."""

    env: MultiAgentVecEnv
    """The environment."""

    def __init__(self, env: MultiAgentVecEnv, train_cfg: dict, log_dir: str | None = None, device: str = "cpu") -> None:
        """Seed the generators, prepare the processor and construct learner and logger.

        Args:
            env: Environment.
            train_cfg: :class:`~ddpl_isaac.config.TrainConfig` as a dictionary.
            log_dir: Run directory; None logs and saves nothing.
            device: Device of the learner.
        """
        torch.manual_seed(derive(train_cfg["seed"], Purpose.ACTING, rank=ranks.rank()))
        configure(device, train_cfg["algorithm"]["matmul_precision"])
        # the learner checks for non-finite numbers itself, once per iteration and without waiting in a step
        algorithm = {"class_name": Rollouts, "settings": from_dict(TrainConfig, train_cfg)}
        super().__init__(env, {**train_cfg, "check_for_nan": False, "algorithm": algorithm}, log_dir, device)
        self.cfg["algorithm"] = train_cfg["algorithm"]
        self.logger = TrainingLogger(
            log_dir=log_dir,
            cfg=self.cfg,
            env_cfg=env.cfg,
            num_envs=env.num_envs,
            is_distributed=self.is_distributed,
            gpu_world_size=self.gpu_world_size,
            gpu_global_rank=self.gpu_global_rank,
            device=device,
        )
        if log_dir is not None and not self.logger.disable_logs:
            self.alg.measure_exploration()

    def _configure_multi_gpu(self) -> None:
        """Tell rsl_rl which rank this is; its own version allows NCCL alone."""
        self.gpu_world_size, self.gpu_global_rank = ranks.num_ranks(), ranks.rank()
        self.is_distributed = ranks.is_distributed()

    def learn(self, num_learning_iterations: int, init_at_random_ep_len: bool = False) -> None:
        """Train for a number of iterations.

        Raises:
            NonFiniteError: If too many environments broke; the message names a snapshot to debug from.
            DivergenceError: If the learner has a number that is not finite; it names a snapshot, too.
        """
        try:
            super().learn(num_learning_iterations, init_at_random_ep_len)
        except DivergenceError as error:
            kept = what_was_kept(self.alg.last_checkpoint)
            raise DivergenceError(f"{error} {kept}{self._save_snapshot()}") from None
        except NonFiniteError as error:
            raise NonFiniteError(f"{error}{self._save_snapshot()}") from None

    def _save_snapshot(self) -> str:
        """Write down how the first environment broke and the learner of that time; return a sentence on where."""
        if self.logger.log_dir is None:
            return ""
        path = Path(self.logger.log_dir) / f"nonfinite_{self.current_learning_iteration}.pt"
        state = {"first": self.alg.guard.snapshot(), "algorithm": self.alg.save()}
        write_file(path, state, kind="snapshot", task=self.env.task)
        return f" A snapshot of the broken step and of the learner is in {path}."

    def save(self, path: str, infos: dict | None = None) -> None:
        """Write a checkpoint atomically, and after it the replay if ``save_replay`` is set.

        Raises:
            CheckpointError: If it cannot be written; what was saved before is intact.
            DivergenceError: If a number of the learner is not finite; nothing is written then.
        """
        iteration = self.current_learning_iteration
        self.alg.learner.check(self.alg.env_steps)
        state = {
            "algorithm": self.alg.save(),
            "iteration": iteration,
            "environment": self.env.state_dict(),
            "counters": self.env.counters(),
            "logger": self.logger.state_dict(),
            "random": get_random_state(self.device),
            "infos": infos,
        }
        bad = first_nonfinite(state["algorithm"])
        if bad is not None:
            raise DivergenceError(f"The learner is not saved, as it is not finite, first in '{bad}'.")
        origin = {"environment": self.env.identity(), "learner": describe_learner(self.cfg)}
        save_checkpoint(path, state, task=self.env.task, origin=origin)
        if self.cfg["save_replay"]:
            self.alg.learner.save_replay(Path(path).parent, task=self.env.task, iteration=iteration)
        self.alg.last_checkpoint = path
        self.logger.save_model(path, iteration)

    def load(
        self, path: str, load_cfg: dict | None = None, strict: bool = True, map_location: str | None = None
    ) -> dict:
        """Restore a checkpoint and the replay beside it; the next iteration is the one after it.

        Raises:
            CheckpointError: If it is damaged, foreign, or of another task, version, team or shape of networks.
            UserError: If its replay has another shape than this run's.
        """
        device = map_location or self.device
        content = read_file(Path(path), kind="checkpoint", task=self.env.task, device=device)
        check_header(content["header"], path, self.env.task, self.env.identity(), self.cfg)
        state = content["state"]
        bad = first_nonfinite(state["algorithm"])
        if bad is not None:
            raise CheckpointError(f"{path} holds numbers that are not finite, first in '{bad}'. Use an older one.")
        self.alg.load(state["algorithm"], load_cfg, strict)
        self.current_learning_iteration = state["iteration"] + 1
        has_replay = False
        # a runner without a directory only plays: it needs no replay
        if self.cfg["save_replay"] and self.logger.log_dir is not None:
            place = {"task": self.env.task, "iteration": state["iteration"]}
            has_replay = self.alg.learner.load_replay(Path(path).parent, **place)
        same_episodes = has_replay and state["environment"] is not None
        if same_episodes:
            self.env.load_state_dict(state["environment"])
            self.alg.continue_episodes(self.env.get_observations().to(self.device), state["algorithm"])
        else:
            self.env.load_counters(state.get("counters", {}))
        self.logger.load_state_dict(state["logger"], same_episodes=same_episodes)
        if ranks.rank() == 0:
            set_random_state(state["random"], self.device, self._seed_at(self.alg.env_steps))
        else:  # what rank 0 will draw is not for others
            torch.manual_seed(self._seed_at(self.alg.env_steps))
        self.alg.last_checkpoint = path
        return state["infos"] or {}

    def _seed_at(self, env_steps: int) -> int:
        """Return the seed of a stream that begins anew there."""
        return derive(self.cfg["seed"], Purpose.RESUMING, rank=ranks.rank(), index=env_steps)

    def get_inference_policy(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, device: str | None = None, averaged: bool = True
    ) -> JointPolicy:
        """Return the joint policy, the averaged actor's or the latest one's.

        Args:
            device: Device of the policy; None is the learner's.
            averaged: Whether the actor is the averaged (EMA) one.

        Returns:
            Function of observations to joint actions. Shape: (num_envs, num_actions).
        """
        self.alg.eval_mode()
        return self.alg.get_policy(averaged=averaged).to(device or self.device)
