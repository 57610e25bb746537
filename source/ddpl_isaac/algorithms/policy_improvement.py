# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Mirror steps pi^{k+1} ~ pi^k exp(eta Qbar) of all agents, by whatever class and whatever critic (docs/method.md §2).

Shapes: A agents, B states, M candidates, L draws of the others, O observation, D action.
"""

from __future__ import annotations

import copy
import torch
from collections.abc import Callable
from torch import nn
from typing import NamedTuple

from ddpl_isaac.algorithms.diagnostics import credit_diagnostics, issm_diagnostics
from ddpl_isaac.algorithms.learner import make_optimizer
from ddpl_isaac.algorithms.proposal import Transport, propose
from ddpl_isaac.algorithms.td_target import polyak_update
from ddpl_isaac.config import AlgorithmConfig
from ddpl_isaac.diffusion.importance import importance_weights, mean_over_active, solve_eta, systematic_resample
from ddpl_isaac.models.actor import Actor, MirrorStep
from ddpl_isaac.models.make_actor import make_actor
from ddpl_isaac.models.stacked_mlp import clip_gradients
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs
from ddpl_isaac.runtime.ranks import average_gradients, gather_batch

Marginal = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Qbar at a batch of states, of candidates (A, B, M, D) given draws of the others (A, B, L, D). Shape: (A, B, M)."""


class States(NamedTuple):
    """A batch of states in which the policies are to improve."""

    obs: torch.Tensor
    """Normalised observations. Shape: (B, A, O)."""

    marginal: Marginal
    """Qbar at these states."""

    active: torch.Tensor
    """1 where an agent is active, else 0. Shape: (A, B)."""

    team_value: Callable[[torch.Tensor], torch.Tensor] | None = None
    """Twins of the team's Q where one agent alone plays its candidates. Shape: (A, B, M, D) -> (E, A, B, M)."""


class PolicyImprovement:
    """The policies, their frozen reference and their average, and the gradient steps that move them."""

    def __init__(
        self,
        obs_dim: int,
        action_mask_AD: torch.Tensor,
        cfg: AlgorithmConfig,
        device: torch.device | str,
        marginal_samples: int,
        generator: torch.Generator | None = None,
        graphs: CudaGraphs | None = None,
    ) -> None:
        """Create policies and optimiser.

        Args:
            obs_dim: Widest observation O.
            action_mask_AD: 1 for an agent's own action dimensions, 0 for padding.
            cfg: The learner's configuration.
            device: Device of the policies.
            marginal_samples: Draws L of the other agents' actions that the critic asks for.
            generator: Source of the random numbers; None is torch's own generator.
            graphs: Calls the gradient steps; None calls them as they are.
        """
        self._begin(action_mask_AD, cfg, device, marginal_samples, generator)
        self._graphs = graphs or CudaGraphs(active=False)
        self.actor = make_actor(obs_dim, action_mask_AD, cfg, device).to(device)
        self.reference = frozen_copy(self.actor)
        self.averaged = frozen_copy(self.actor)
        self.optimizer = make_optimizer(self.actor.parameters(), cfg.actor.learning_rate)

    def _begin(
        self,
        action_mask_AD: torch.Tensor,
        cfg: AlgorithmConfig,
        device: torch.device | str,
        marginal_samples: int,
        generator: torch.Generator | None,
    ) -> None:
        """Begin with no mirror step behind."""
        self.cfg, self.action_mask, self.marginal_samples = cfg, action_mask_AD, marginal_samples
        self.generator, num_agents = generator, len(action_mask_AD)
        # in place from here on: graphs know these tensors by their memory
        self.eta, self.qbar_range = torch.ones(num_agents, device=device), torch.zeros(num_agents, device=device)
        self.transport_eta = torch.zeros(num_agents, device=device)
        self.credit: dict[str, torch.Tensor] = {}
        self.steps = 0
        self._weighed: tuple | None = None

    @property
    def policy(self) -> Actor:
        """What the gradient steps so far made of the reference: where the next mirror step begins."""
        # the latest actor would carry the noise of single gradient steps between equal modes into the next mirror step
        return {"averaged": self.averaged, "latest": self.actor}[self.cfg.issm.reference]

    def forget_candidates(self) -> None:
        """Draw candidates anew before the next step."""
        self._weighed = None

    def step(self, states: Callable[[], States]) -> dict[str, torch.Tensor]:
        """Take one gradient step towards pi^k exp(eta Qbar); by score matching for a diffusion policy.

        Args:
            states: Draws a batch; called where the candidates of earlier steps are used up.

        Returns:
            Loss and diagnostics, good until the next step. Shape of each: (A,).
        """
        new_reference = self.steps % self.cfg.issm.reference_window == 0
        if new_reference or self._weighed is None or self.steps % self.cfg.candidate_reuse == 0:
            self._weighed = self._graphs(self._refresh, states=states, new_reference=new_reference)
        (obs, _, active, _), candidates, weights, _, diagnostics = self._weighed
        self.steps += 1
        # at first over a third of the steps: a shorter average keeps their noise, a longer one the untrained policy
        rate = max(1.0 - self.cfg.actor.ema_decay, 3.0 / (3.0 + self.steps))
        rate = torch.full((), rate, device=weights.device)
        return diagnostics | {"loss": self._graphs(self._fit, obs, active, candidates, weights, rate)}

    def _refresh(self, states: Callable[[], States], new_reference: bool) -> tuple:
        """Draw and weigh candidates, from a new reference if a mirror step begins."""
        if new_reference:
            self.reference.load_state_dict(self.policy.state_dict())
        return self._weigh_candidates(states(), new_reference)

    def _fit(
        self,
        obs_BAO: torch.Tensor,
        active_AB: torch.Tensor,
        candidates_ABMD: torch.Tensor,
        weights_ABM: torch.Tensor,
        averaging_rate: torch.Tensor,
    ) -> torch.Tensor:
        """Take one gradient step on candidates drawn by their weights; return the loss. Shape: (A,)."""
        drawn = systematic_resample(candidates_ABMD, weights_ABM, self.cfg.issm.loss_samples, self.generator)
        assert self._weighed is not None
        qbar_of = self._weighed[3]
        loss_AB = self.actor.loss(MirrorStep(obs_BAO, drawn, self.reference, self.eta, qbar_of, self.generator))
        loss_A = mean_over_active(loss_AB, active_AB)
        self.optimizer.zero_grad()
        loss_A.sum().backward()
        average_gradients(self.actor.parameters())
        clip_gradients(list(self.actor.parameters()), self.cfg.max_grad_norm)
        self.optimizer.step()
        polyak_update(self.averaged, self.actor, averaging_rate)
        return loss_A.detach()

    @torch.no_grad()
    def _weigh_candidates(self, states: States, new_reference: bool) -> tuple:
        """Draw candidates, evaluate and weigh them; solve eta if the reference is new (docs/method.md §2)."""
        cfg, (obs_BAO, marginal, active_AB, team_value) = self.cfg.issm, states
        # a critic of joint actions lets further samples play the other agents, independent of the candidates
        counts = cfg.num_candidates, self.marginal_samples
        samples, others = self.reference.sample(obs_BAO, sum(counts), self.generator).split(counts, dim=2)
        candidates = propose(samples, self.action_mask, cfg, self.generator)

        def qbar_of(action_ABMD: torch.Tensor) -> torch.Tensor:
            return marginal(action_ABMD, others)

        if cfg.proposal == "transported":
            transport = Transport(candidates, qbar_of)
            if new_reference:
                self.transport_eta.copy_(transport.solve_eta(cfg.transport_budget, active_AB))
            candidates = transport.carry(self.transport_eta)
        qbar = qbar_of(candidates)
        if new_reference:
            self._solve_eta(qbar, active_AB)
            if team_value is not None:
                for name, value in credit_diagnostics(qbar, team_value(candidates), active_AB).items():
                    self.credit.setdefault(name, torch.zeros_like(value)).copy_(value)
        weights = importance_weights(qbar, self.eta)
        diagnostics = issm_diagnostics(weights, qbar, candidates, self.action_mask, active_AB)
        capped = (self.eta * self.qbar_range >= 0.999 * cfg.eta_range_cap).float()
        return states, candidates, weights, qbar_of, diagnostics | self.credit | {"eta": self.eta, "eta_capped": capped}

    def _solve_eta(self, qbar_ABM: torch.Tensor, active_AB: torch.Tensor) -> None:
        """Spend the KL budget of the new mirror step, on average over the states of all ranks."""
        cfg, qbar_ABM, active_AB = self.cfg.issm, gather_batch(qbar_ABM, dim=1), gather_batch(active_AB, dim=1)
        spread = mean_over_active(qbar_ABM.amax(-1) - qbar_ABM.amin(-1), active_AB)
        # slow, so that the range outlives the concentration of the candidates
        torch.maximum(spread, 0.99 * self.qbar_range, out=self.qbar_range)
        eta_max = cfg.eta_range_cap / (self.qbar_range + 1e-8)
        budget = cfg.kl_budget / (len(self.action_mask) if cfg.kl_budget_per_agent else 1)
        self.eta.copy_(solve_eta(qbar_ABM, budget, eta_max, active_AB))


def frozen_copy[M: nn.Module](module: M) -> M:
    """Copy a module without gradients."""
    return copy.deepcopy(module).requires_grad_(False)
