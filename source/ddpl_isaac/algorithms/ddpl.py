# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Decentralized Diffusion Policy Learning (arXiv 2605.07101; docs/method.md §2).

Shapes: N environments, A agents, B states, M candidates, O observation, S state, D action.
"""

from __future__ import annotations

import torch
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from torch import nn
from typing import Any

from ddpl_isaac import generator_state
from ddpl_isaac.algorithms.learner import Learner, Step, make_optimizer, restore_optimizer
from ddpl_isaac.algorithms.metrics import by_agent
from ddpl_isaac.algorithms.policy_improvement import PolicyImprovement, States, frozen_copy
from ddpl_isaac.algorithms.replay import make_replay
from ddpl_isaac.algorithms.soundness import learner_parts
from ddpl_isaac.algorithms.td_target import critic_loss, polyak_update
from ddpl_isaac.algorithms.update_ratio import updates_due
from ddpl_isaac.config import TrainConfig
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.critic import CRITICS, FactoredCritic
from ddpl_isaac.models.normalizer import RunningNormalizer, make_normalizer
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.compilation import compiled
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs, copies, wants_graphs
from ddpl_isaac.runtime.ranks import average_gradients, can_be_captured, num_ranks, rank
from ddpl_isaac.seeds import Purpose, derive
from ddpl_isaac.storage.replay_file import load_replay, save_replay
from ddpl_isaac.storage.replay_storage import Batch

_MIRROR_STEP = ("eta", "transport_eta", "qbar_range", "credit")
"""What a mirror step keeps for all its gradient steps, of :class:`PolicyImprovement`."""


STEPS_AT_ONCE = 16
"""Most critic steps for which transitions and next actions are drawn at once: more would only take more memory."""


class DDPL(Learner):
    """One policy per agent, by default of diffusion, improved by mirror steps pi^{k+1} ~ pi^k exp(eta Qbar)."""

    saved_as = "DDPL"

    @classmethod
    def shaped_by(cls, cfg: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the settings without which the networks of a checkpoint cannot be loaded."""
        actor = "policy_class", "actor.hidden_dims", "actor.observation_dims"
        if cfg["algorithm"]["policy_class"] == "diffusion":
            actor += "actor.time_features", "actor.action_features"
        critic = "critic.kind", "critic.hidden_dims", "critic.action_features"
        return tuple(f"algorithm.{path}" for path in (*actor, *critic, "normalize_obs"))

    def __init__(self, stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> None:
        """Create networks, normalisers, optimisers and replay.

        Args:
            stack: Layout of the agents.
            num_envs: Environments N.
            cfg: Settings of the training.
            device: Device of all tensors.
        """
        self.stack, self.cfg, self.device = stack.to(device), cfg.algorithm, device
        stack, own = self.stack, self.cfg
        self.storage = make_replay(stack, num_envs, own.replay, device)
        num_agents, critic_class = stack.num_agents, CRITICS[own.critic.kind]
        self.critic = critic_class(num_agents, stack.obs_dim, stack.state_dim, stack.action_dim, own.critic).to(device)
        self.target_critic = frozen_copy(self.critic)
        # a generator of its own, so that what is learned does not depend on what the environments draw meanwhile
        self.generator = torch.Generator(device).manual_seed(derive(torch.initial_seed(), Purpose.LEARNING))
        self._graphs = CudaGraphs(wants_graphs(own.compile, device) and can_be_captured(), self.generator)
        # a reverse KL evaluates Qbar where its own draws are, at states that no graph has as its inputs
        graphs = None if own.policy_class == "gaussian_reverse_kl" else self._graphs
        settings = own, device, self.critic.marginal_samples, self.generator, graphs
        self.improvement = PolicyImprovement(stack.obs_dim, stack.action_mask, *settings)
        self.actor = self.improvement.actor
        self.obs_normalizer = make_normalizer((num_agents, stack.obs_dim), own, device)
        self.state_normalizer = make_normalizer((stack.state_dim,), own, device)
        self.return_normalizer = RunningNormalizer((1,), eps=1e-4).to(device)
        self._critic_loss = compiled(critic_loss, own.compile, device)
        self.critic_optimizer = make_optimizer(self.critic.parameters(), own.critic.learning_rate)
        self.steps_per_iteration = num_envs * cfg.num_steps_per_env
        self._returns = torch.zeros(num_envs, device=device)
        self._metrics: dict[str, torch.Tensor] = {}
        captures = wants_graphs(own.compile, device)
        self.policy, self._averaged_policy = (
            JointPolicy(stack, self.obs_normalizer, actor, captures=captures)
            for actor in (self.actor, self.improvement.averaged)
        )

    # -- collection

    def begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Begin new episodes in the replay."""
        self.storage.begin(obs_NAO, state_NS)
        self._update_normalizers(obs_NAO, state_NS)

    def record(self, step: Step) -> None:
        """Add a step to the replay and to what normalises."""
        self._graphs(self._record, *step, learns=self.return_normalizer.training)

    def _record(self, *fields: torch.Tensor, learns: bool) -> None:
        """Do so; whether the normalisers learn decides what is done."""
        del learns
        step = Step(*fields)
        self.storage.add(*step)
        self._update_normalizers(step.obs, step.state)
        self._returns.mul_(self.cfg.gamma).add_(step.reward)
        self.return_normalizer.update(self._returns.unsqueeze(-1))
        self._returns.mul_(~step.done)

    def _update_normalizers(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        for normalizer, seen in ((self.obs_normalizer, obs_NAO), (self.state_normalizer, state_NS)):
            if isinstance(normalizer, RunningNormalizer):
                normalizer.update(seen)

    def restore_returns(self, returns_N: torch.Tensor) -> None:
        """Go on with the discounted returns of the episodes under way."""
        self._returns.copy_(returns_N)

    # -- learning

    def update(self, env_steps: int, *, critics_alone: bool = False) -> dict[str, torch.Tensor]:
        """Take the gradient steps of the critics that are due, and those of the actors unless told otherwise.

        A critic that knows nothing would send the actors astray before it knows better.
        """
        metrics: dict[str, torch.Tensor] = {}
        due = self.critic_updates_due(env_steps)
        while due > 0:
            together = min(due, STEPS_AT_ONCE)
            due -= together
            metrics = self._graphs(self._critic_steps, count=together)
        diagnostics: dict[str, torch.Tensor] = {}
        for _ in range(0 if critics_alone else self.actor_updates_due(env_steps)):
            diagnostics = self.improvement.step(self._states)
        metrics, diagnostics = copies((metrics, diagnostics))
        self._metrics = self._metrics | metrics | by_agent(self.stack, diagnostics)
        return self._metrics

    def critic_updates_due(self, env_steps: int) -> int:
        """Return how many critic steps the iteration that ended pays for; every rank has transitions of its own."""
        return updates_due(self.cfg.critic_updates_per_1000, env_steps // num_ranks(), self.steps_per_iteration)

    def actor_updates_due(self, env_steps: int) -> int:
        """Return how many actor steps the iteration that ended pays for."""
        return updates_due(self.cfg.actor_updates_per_1000, env_steps // num_ranks(), self.steps_per_iteration)

    def parts(self) -> dict[str, torch.Tensor]:
        """Return normalisers, losses, the norm of the critics' gradient, and weights."""
        names, networks = self.stack.names, (self.critic, self.actor)
        return super().parts() | learner_parts(names, self._metrics, self.return_normalizer, *networks)

    def _critic_steps(self, count: int) -> dict[str, torch.Tensor]:
        """Take TD steps; return the metrics of the last one."""
        metrics: dict[str, torch.Tensor] = {}
        for batch, next_action_BAD in self._critic_batches(count):
            metrics = self._update_critic(batch, next_action_BAD)
        return metrics

    def _critic_batches(self, count: int) -> Iterator[tuple[Batch, torch.Tensor]]:
        """Draw what critic steps learn from, each batch with one sample of the next actions.

        The policies stand still meanwhile, so that one call of the chain serves many steps: as exact, and faster.
        """
        size = self.cfg.replay.batch_size
        batch = self._sample(size * count)
        next_action_BAD = self.actor.sample(batch.next_obs, generator=self.generator)[:, :, 0].transpose(0, 1)
        for *part, next_actions in zip(*(field.split(size) for field in (*batch, next_action_BAD)), strict=True):
            yield Batch(*part), next_actions

    def _sample(self, batch_size: int) -> Batch:
        """Draw normalised transitions."""
        batch = self.storage.sample(batch_size, self.cfg.n_step, self.cfg.gamma, self.generator)
        observations = {"obs": self.obs_normalizer(batch.obs), "next_obs": self.obs_normalizer(batch.next_obs)}
        states = {"state": self.state_normalizer(batch.state), "next_state": self.state_normalizer(batch.next_state)}
        return batch._replace(**observations, **states)

    @property
    def reward_scale(self) -> torch.Tensor:
        """Factor of the rewards in the TD target. Shape: ()."""
        if not self.cfg.normalize_reward:
            return torch.ones((), device=self.device)
        return 1.0 / (self.return_normalizer.std[0] + self.return_normalizer.eps)

    def _update_critic(self, batch: Batch, next_action_BAD: torch.Tensor) -> dict[str, torch.Tensor]:
        """Take one TD step."""
        critics = self.critic, self.target_critic
        loss, mean_q = self._critic_loss(*critics, batch, next_action_BAD, self.reward_scale)
        self.critic_optimizer.zero_grad()
        loss.backward()
        average_gradients(self.critic.parameters())
        norm = nn.utils.clip_grad_norm_(self.critic.parameters(), self.cfg.max_grad_norm)
        self.critic_optimizer.step()
        polyak_update(self.target_critic, self.critic, self.cfg.critic.tau)
        return {"critic": loss.detach(), "Critic/q_mean": mean_q, "Critic/grad_norm": norm}

    def _states(self) -> States:
        """Draw the states of an actor step."""
        batch = self.storage.sample(self.cfg.actor_batch_size, self.cfg.n_step, self.cfg.gamma, self.generator)
        obs, state = self.obs_normalizer(batch.obs), self.state_normalizer(batch.state)
        critic = {"latest": self.critic, "target": self.target_critic}[self.cfg.issm.values]
        team_value = partial(critic.team_value, state, batch.action) if isinstance(critic, FactoredCritic) else None
        return States(obs, partial(critic.marginal, state, obs), self.stack.active(batch.obs), team_value)

    # -- how it is kept

    def get_policy(self, averaged: bool = False) -> JointPolicy:
        """Return the current or the averaged (EMA) joint policy; parameters are shared, not copied."""
        return self._averaged_policy if averaged else self.policy

    def train_mode(self) -> None:
        """Let the normalisers learn."""
        for module in self._modules().values():
            module.train()

    def eval_mode(self) -> None:
        """Freeze the normalisers."""
        for module in self._modules().values():
            module.eval()

    def broadcast_parameters(self, env_steps: int) -> None:
        """Send the parameters of rank 0 to all ranks, and let each draw random numbers of its own."""
        if rank() > 0:
            self.generator.manual_seed(derive(torch.initial_seed(), Purpose.LEARNING, index=env_steps))
        for module in self._modules().values():
            for tensor in module.state_dict().values():
                torch.distributed.broadcast(tensor, src=0)

    def _modules(self) -> dict[str, nn.Module]:
        policies = {name: getattr(self.improvement, name) for name in ("actor", "reference", "averaged")}
        names = ("critic", "target_critic", "obs_normalizer", "state_normalizer", "return_normalizer")
        return policies | {name: getattr(self, name) for name in names}

    def save(self) -> dict[str, Any]:
        """Everything but the replay, as tensors and plain containers.

        Candidates are not kept: who goes on draws them anew, just as who resumes does.
        """
        self.improvement.forget_candidates()
        modules = {name: module.state_dict() for name, module in self._modules().items()}
        counters = {"actor_steps": self.improvement.steps, "generator_seed": self.generator.initial_seed()}
        tensors = {name: getattr(self.improvement, name) for name in _MIRROR_STEP}
        tensors |= {"generator": self.generator.get_state(), "returns": self._returns}
        optimizers = {"actor": self.improvement.optimizer, "critic": self.critic_optimizer}
        optimizers = {name: optimizer.state_dict() for name, optimizer in optimizers.items()}
        return {"modules": modules, "counters": counters, "tensors": tensors, "optimizers": optimizers}

    def load(self, state: dict[str, Any], *, strict: bool = True) -> None:
        """Restore what :meth:`save` gave, and ``env_steps`` beside it; new episodes begin."""
        for name, module in self._modules().items():
            module.load_state_dict(state["modules"][name], strict=strict)
        self.improvement.steps = state["counters"]["actor_steps"]
        for name in _MIRROR_STEP:
            setattr(self.improvement, name, state["tensors"][name])
        counters, kind = state["counters"], self.generator.device.type
        seed = counters.get("generator_seed", torch.initial_seed())
        generator_state.restore(self.generator, state["tensors"]["generator"], seed, counters["env_steps"], device=kind)
        restore_optimizer(self.improvement.optimizer, state["optimizers"]["actor"])
        restore_optimizer(self.critic_optimizer, state["optimizers"]["critic"])
        self.improvement.forget_candidates()
        self._returns.zero_()
        self._graphs.forget()  # optimisers and mirror steps have other tensors now

    def save_replay(self, folder: Path, *, task: str, iteration: int) -> None:
        """Write the replay beside the checkpoint of an iteration."""
        save_replay(folder, self.storage.state_dict(), task=task, iteration=iteration)

    def load_replay(self, folder: Path, *, task: str, iteration: int) -> bool:
        """Restore the replay that belongs to a checkpoint, and return whether there is one."""
        replay = load_replay(folder, task=task, iteration=iteration, device=self.device)
        if replay is not None:
            self.storage.load_state_dict(replay)
        return replay is not None
