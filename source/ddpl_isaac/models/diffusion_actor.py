# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The policies of all agents: a denoising network, its schedule and the chain between them.

Shapes: A agents, B states, O observation, M samples and K target actions per state, D action, H denoising steps.
"""

from __future__ import annotations

import contextlib
import torch
from collections.abc import Callable
from typing import Self

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.diffusion.sampler import ddpm_sample, denoise_step
from ddpl_isaac.diffusion.schedule import Schedule, make_schedule
from ddpl_isaac.diffusion.score_matching import score_matching_loss
from ddpl_isaac.models import fused_chain
from ddpl_isaac.models.actor import Actor, MirrorStep
from ddpl_isaac.models.denoiser import Denoiser, EncodedObservation
from ddpl_isaac.runtime.compilation import compiled
from ddpl_isaac.runtime.cuda_graphs import CudaGraphs, wants_graphs


class DiffusionActor(Actor):
    """One denoising diffusion policy per agent; the action of an agent depends on its own observation alone."""

    action_mask: torch.Tensor
    _signal: torch.Tensor
    _noise: torch.Tensor

    def __init__(
        self,
        obs_dim: int,
        action_mask_AD: torch.Tensor,
        cfg: ActorConfig,
        sampler_cfg: SamplerConfig,
        compile_mode: str = "eager",
        device: torch.device | str = "cpu",
    ) -> None:
        """Create the networks.

        Args:
            obs_dim: Widest observation O.
            action_mask_AD: 1 for an agent's own action dimensions, 0 for padding.
            cfg: Networks.
            sampler_cfg: Chain.
            compile_mode: Whether the denoising step and the loss are compiled: ``AlgorithmConfig.compile``.
            device: Device for which they are.
        """
        super().__init__()
        self.num_steps, self.loss_clip = sampler_cfg.num_steps, cfg.loss_clip
        self.register_buffer("action_mask", action_mask_AD, persistent=False)
        schedule = make_schedule(self.num_steps, sampler_cfg.schedule, sampler_cfg.variance)
        self.denoiser = Denoiser(obs_dim, action_mask_AD, schedule, cfg)
        for name, coefficient in schedule._asdict().items():
            self.register_buffer(f"_{name}", coefficient, persistent=False)
        self._step_function = compiled(denoise_step, compile_mode, device)
        self._loss_function = compiled(_denoising_error, compile_mode, device)
        self._fused_function = compiled(fused_chain.sample_fused, compile_mode, device)
        self._graphs = CudaGraphs(wants_graphs(compile_mode, device))
        self._may_fuse = self._graphs.active and fused_chain.serves(self.denoiser)
        self._precision = getattr(torch, sampler_cfg.precision)

    @property
    def schedule(self) -> Schedule:
        """Coefficients of the chain on the module's device."""
        return Schedule(*(getattr(self, f"_{name}") for name in Schedule._fields))

    def _apply(self, fn: Callable, recurse: bool = True) -> Self:
        """Move the parameters; graphs know the old ones by their memory."""
        self._graphs.forget()
        return super()._apply(fn, recurse)

    @torch.no_grad()
    def sample(
        self,
        obs_BAO: torch.Tensor,
        num_samples: int = 1,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Draw actions in ``[-1, 1]`` for every agent and state, as :meth:`Actor.sample`. Shape: (A, B, M, D)."""
        batch, num_agents, _ = obs_BAO.shape
        shape = (self.num_steps, num_agents, batch * num_samples, self.action_mask.shape[1])
        noise_HARD = temperature * torch.randn(shape, device=obs_BAO.device, generator=generator)
        fuses = self._may_fuse and fused_chain.is_allowed(obs_BAO.device, self._precision)
        chain = self.sample_fused_from if fuses else self.sample_from
        with self._products(obs_BAO.device):
            return self._graphs.keep(chain, obs_BAO, noise_HARD, num_samples=num_samples)

    def _products(self, device: torch.device) -> contextlib.AbstractContextManager:
        """Let matrix products round their inputs as configured; the chain between them stays float32."""
        if self._precision == torch.float32:
            return contextlib.nullcontext()
        # a captured graph has to see new weights, which a cache of rounded ones would hide
        return torch.autocast(device.type, self._precision, cache_enabled=False)

    def sample_from(self, obs_BAO: torch.Tensor, noise_HARD: torch.Tensor, num_samples: int = 1) -> torch.Tensor:
        """Turn given noise into actions, deterministically; R = B * M. Shape: (A, B, M, D)."""
        encoded = self.denoiser.encode(obs_BAO.transpose(0, 1))
        if num_samples > 1:
            encoded = EncodedObservation(*(part.repeat_interleave(num_samples, dim=1) for part in encoded))
        times_AHW = self.denoiser.time_table()
        levels = zip(times_AHW.unsqueeze(2).unbind(1), self._signal, self._noise, strict=True)
        conditioning = [(encoded, *level) for level in levels]
        noise_HARD = noise_HARD * self.action_mask[:, None, :]
        actions = ddpm_sample(self.denoiser, self.schedule, noise_HARD, conditioning, self._step_function)
        return actions.unflatten(1, (obs_BAO.shape[0], num_samples))

    def sample_fused_from(self, obs_BAO: torch.Tensor, noise_HARD: torch.Tensor, num_samples: int = 1) -> torch.Tensor:
        """Do the same in one kernel, with factors of products rounded to TF32 or bfloat16. Shape: (A, B, M, D)."""
        arguments = self.denoiser, self.schedule, obs_BAO, noise_HARD, num_samples, self._precision
        return self._fused_function(*arguments)

    def loss(self, target: MirrorStep) -> torch.Tensor:
        """Score-matching loss on samples of the target: ISSM. Shape: (A, B)."""
        return self.score_matching_loss(target.obs, target.action, target.generator)

    def score_matching_loss(
        self, obs_BAO: torch.Tensor, action_ABKD: torch.Tensor, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Denoising error on K actions per state, with fresh levels and noise. Shape: (A, B)."""
        source = {"device": obs_BAO.device, "generator": generator}
        noise_ABKD = torch.randn(action_ABKD.shape, **source) * self.action_mask[:, None, None, :]
        step_ABK = torch.randint(self.num_steps, action_ABKD.shape[:-1], **source)
        return self._loss_function(self, obs_BAO, action_ABKD, step_ABK, noise_ABKD)


def _denoising_error(
    actor: DiffusionActor,
    obs_BAO: torch.Tensor,
    action_ABKD: torch.Tensor,
    step_ABK: torch.Tensor,
    noise_ABKD: torch.Tensor,
) -> torch.Tensor:
    """Return the score-matching loss at given levels and noise. Shape: (A, B)."""
    A, B, K, _ = action_ABKD.shape
    denoiser, schedule = actor.denoiser, actor.schedule
    encoded = denoiser.encode(obs_BAO.transpose(0, 1))
    rows = EncodedObservation(*(part.unsqueeze(2).expand(-1, -1, K, -1).flatten(1, 2) for part in encoded))
    times_AHW = denoiser.time_table()
    agent = torch.arange(A, device=obs_BAO.device).view(A, 1)

    def predict_noise(x_ABKD: torch.Tensor, step_ABK: torch.Tensor) -> torch.Tensor:
        step_AR = step_ABK.flatten(1)
        level = times_AHW[agent, step_AR], schedule.signal[step_AR, None], schedule.noise[step_AR, None]
        return denoiser(x_ABKD.flatten(1, 2), rows, *level).unflatten(1, (B, K))

    arguments = action_ABKD, schedule, step_ABK, noise_ABKD, actor.action_mask, actor.loss_clip
    return score_matching_loss(predict_noise, *arguments)
