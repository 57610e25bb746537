# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""MAPPO and IPPO of skrl as a learner of the runner, so that they share environments, logs and evaluation with DDPL.

Shapes: N environments, A agents, O observation, S state, D action.
"""

from __future__ import annotations

import torch
from collections.abc import Mapping
from dataclasses import asdict
from tensordict import TensorDict
from typing import Any

from skrl.memories.torch import RandomMemory
from skrl.multi_agents.torch.ippo import IPPO
from skrl.multi_agents.torch.mappo import MAPPO
from skrl.resources.preprocessors.torch import RunningStandardScaler
from skrl.resources.schedulers.torch import KLAdaptiveLR

from ddpl_isaac.algorithms.learner import Learner, Step
from ddpl_isaac.baselines.skrl_models import Policy, SkrlActor, Value, clipped, spaces_of
from ddpl_isaac.config import AlgorithmConfig, PPOConfig, TrainConfig
from ddpl_isaac.errors import UserError
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.normalizer import RunningNormalizer, make_normalizer
from ddpl_isaac.models.policy import JointPolicy
from ddpl_isaac.runtime.ranks import is_distributed

_TIME = {"timestep": 0, "timesteps": 0}
"""What skrl asks for in every call; only its own logging, which is off, and schedules, which are not used, need it."""


class SkrlPPO(Learner):
    """MAPPO or IPPO on the environments, networks, normalisers and budget of DDPL.

    Iterations gather until a rollout is complete; then all agents take skrl's PPO steps. Time-outs are bootstrapped
    with the true last observations. There is neither replay nor warm-up nor averaged policy.
    """

    averages = has_replay = warms_up = False
    saved_as = "SkrlPPO"

    @classmethod
    def shaped_by(cls, cfg: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the paths of the settings without which the networks of a checkpoint cannot be loaded."""
        del cfg
        sizes = ("actor.observation_dims", "actor.hidden_dims", "critic.hidden_dims", "normalize_obs")
        return ("ppo.algorithm", *(f"algorithm.{path}" for path in sizes))

    def __init__(self, stack: AgentStack, num_envs: int, cfg: TrainConfig, device: str) -> None:
        """Create networks and skrl's agents.

        Args:
            stack: Layout of the agents.
            num_envs: Environments N.
            cfg: Settings of the training. Of DDPL's, hidden sizes, discount and normalisation count here too.
            device: Device of everything.

        Raises:
            UserError: If there are several ranks.
        """
        if is_distributed():
            raise UserError("The baselines train in one process; leave --distributed out.")
        num_steps, ppo, own, self.stack = cfg.num_steps_per_env, cfg.ppo, cfg.algorithm, stack.to(device)
        self.cfg, self.ppo, self._iterations_per_rollout = own, ppo, max(1, round(ppo.rollout_steps / num_steps))
        memory_size, names = self._iterations_per_rollout * num_steps, list(stack.names)
        seen_dims = stack.obs_dim, stack.state_dim
        sizes = {name: (*seen_dims, dim) for name, dim in zip(names, stack.action_dims, strict=True)}
        seen = {"MAPPO": "states", "IPPO": "observations"}[ppo.algorithm]
        self._policies = {
            name: Policy(size, [*own.actor.observation_dims, *own.actor.hidden_dims], ppo.initial_std, device)
            for name, size in sizes.items()
        }
        values = {name: Value(size, own.critic.hidden_dims, seen, device) for name, size in sizes.items()}
        spaces = {name: spaces_of(size) for name, size in sizes.items()}
        self.agent = {"MAPPO": MAPPO, "IPPO": IPPO}[ppo.algorithm](
            possible_agents=names,
            models={name: {"policy": self._policies[name], "value": values[name]} for name in names},
            memories={name: RandomMemory(memory_size=memory_size, num_envs=num_envs, device=device) for name in names},
            observation_spaces={name: spaces[name]["observation_space"] for name in names},
            state_spaces={name: spaces[name]["state_space"] for name in names},
            action_spaces={name: spaces[name]["action_space"] for name in names},
            device=device,
            cfg=_skrl_settings(ppo, own, names, device),
        )
        self.agent.init()
        self.agent.enable_training_mode(True)
        self.obs_normalizer = make_normalizer((stack.num_agents, stack.obs_dim), own, device)
        self.state_normalizer = make_normalizer((stack.state_dim,), own, device)
        actor = SkrlActor(self._policies, stack.action_dim)
        self.policy = JointPolicy(self.stack, self.obs_normalizer, actor)
        self._iterations = 0

    @property
    def learning_rate(self) -> float:
        """Learning rate of the first agent, which follows the KL of its updates."""
        return self.agent.optimizers[self.stack.names[0]].param_groups[0]["lr"]

    def act(self, obs: TensorDict) -> torch.Tensor:
        """Have skrl draw the actions, and keep their probabilities and the values. Shape: (N, A, D)."""
        del obs  # those of the last step
        self._drawn, _ = self.agent.act(self._by_agent(self._obs), self._for_all(self._state), **_TIME)
        return torch.stack([clipped(action, self.stack.action_dim) for action in self._drawn.values()], dim=1)

    def begin(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> None:
        """Look at the first observations."""
        self._obs, self._state = self._normalized(obs_NAO, state_NS)

    def record(self, step: Step) -> None:
        """Hand a step to skrl, with true successors."""
        ended = step.done[:, None]
        last = self._normalized(
            torch.where(ended.unsqueeze(-1), step.final_obs, step.obs), torch.where(ended, step.final_state, step.state)
        )
        self.agent.record_transition(
            observations=self._by_agent(self._obs),
            states=self._for_all(self._state),
            actions=self._drawn,
            # copies: skrl adds the value of a cut episode to the reward of each agent in place
            rewards={name: step.reward.unsqueeze(1).clone() for name in self.stack.names},
            next_observations=self._by_agent(last[0]),
            next_states=self._for_all(last[1]),
            terminated=self._for_all((step.done & ~step.time_out).unsqueeze(1)),
            truncated=self._for_all(step.time_out.unsqueeze(1)),
            infos={},
            **_TIME,
        )
        for normalizer, seen in ((self.obs_normalizer, step.obs), (self.state_normalizer, step.state)):
            if isinstance(normalizer, RunningNormalizer):
                normalizer.update(seen)
        self.begin(step.obs, step.state)

    def parts(self) -> dict[str, torch.Tensor]:
        """Return normalisers and weights."""
        parts = super().parts()
        for name, models in self.agent.models.items():
            weights = {role: torch.cat([p.detach().flatten() for p in models[role].parameters()]) for role in models}
            parts |= {f"the {role} of '{name}'": values for role, values in weights.items()}
        return parts

    def update(self, env_steps: int, *, critics_alone: bool = False) -> dict[str, torch.Tensor]:
        """Take the PPO steps of all agents if a rollout is complete.

        Returns:
            Losses, deviations and learning rates; none in between. Shape of each: ().
        """
        del env_steps, critics_alone
        self._iterations += 1
        if self._iterations % self._iterations_per_rollout:
            return {}
        self.agent.enable_models_training_mode(True)
        for name in self.stack.names:
            self.agent.update(uid=name, **_TIME)
        self.agent.enable_models_training_mode(False)
        metrics = {
            f"PPO/{tag.replace(' / ', '/')}": torch.tensor(values[-1])
            for tag, values in self.agent.tracking_data.items()
        }
        self.agent.tracking_data.clear()
        return metrics

    def train_mode(self) -> None:
        """Let the normalisers learn."""
        self.obs_normalizer.train()
        self.state_normalizer.train()

    def eval_mode(self) -> None:
        """Freeze the normalisers."""
        self.obs_normalizer.eval()
        self.state_normalizer.eval()

    def _modules(self) -> dict[str, Any]:
        """Return all that has a state: skrl's networks, optimisers and scalers, and the normalisers."""
        modules = {
            f"{name}/{part}": module
            for name, parts in self.agent.checkpoint_modules.items()
            for part, module in parts.items()
        }
        return modules | {"obs_normalizer": self.obs_normalizer, "state_normalizer": self.state_normalizer}

    def save(self) -> dict[str, Any]:
        """Everything, as tensors and plain containers; a rollout under way is lost."""
        state = {name: module.state_dict() for name, module in self._modules().items()}
        settings = {"learning_rate": self.ppo.learning_rate}
        return {"modules": state, "counters": {}, "settings": settings}

    def load(self, state: dict[str, Any], *, strict: bool = True) -> None:
        """Restore what :meth:`save` gave; new episodes and a new rollout begin."""
        del strict
        for name, module in self._modules().items():
            module.load_state_dict(state["modules"][name])
        # the KL has changed the rate that was given; a new one that is given now counts from here on
        if state.get("settings", {}).get("learning_rate", self.ppo.learning_rate) != self.ppo.learning_rate:
            for optimizer in self.agent.optimizers.values():
                for group in optimizer.param_groups:
                    group["lr"] = self.ppo.learning_rate

    def _normalized(self, obs_NAO: torch.Tensor, state_NS: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.obs_normalizer(obs_NAO), self.state_normalizer(state_NS)

    def _by_agent(self, obs_NAO: torch.Tensor) -> dict[str, torch.Tensor]:
        return dict(zip(self.stack.names, obs_NAO.unbind(1), strict=True))

    def _for_all(self, shared: torch.Tensor) -> dict[str, torch.Tensor]:
        return dict.fromkeys(self.stack.names, shared)


def _skrl_settings(ppo: PPOConfig, cfg: AlgorithmConfig, names: list[str], device: str) -> dict[str, Any]:
    """Return skrl's settings: ours by its names, and what never changes."""
    own = {name: value for name, value in asdict(ppo).items() if name not in ("algorithm", "initial_std")}
    kl = own.pop("target_kl")
    unused = {name: {} for name in names}  # skrl takes an empty dictionary for one that lacks the agents
    return {
        "observation_preprocessor_kwargs": unused,
        "state_preprocessor_kwargs": unused,
        "rollouts": own.pop("rollout_steps"),
        "discount_factor": cfg.gamma,
        "grad_norm_clip": own.pop("max_grad_norm"),
        # with a clip of .2 the critics cannot follow values that grow a hundredfold, and MPE-Spread-v0 gets worse
        "value_clip": 0.0,
        "learning_rate_scheduler": KLAdaptiveLR,
        "learning_rate_scheduler_kwargs": {"kl_threshold": kl},
        "value_preprocessor": RunningStandardScaler,
        "value_preprocessor_kwargs": {"size": 1, "device": device},
        "time_limit_bootstrap": True,
        "experiment": {"write_interval": 0, "checkpoint_interval": 0},
        **own,
    }
