# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Batches of SMAX battles (Rutherford et al. 2023, JaxMARL) as one compiled JAX program. Needs the extra ``smax``.

Shapes: N battles, A allies, O observation, S state.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from jaxmarl.environments.smax import HeuristicEnemySMAX, map_name_to_scenario
from jaxmarl.environments.smax.smax_env import SMAX
from jaxmarl.environments.smax.smax_env import State as UnitState

_FAR = 1.0e4
"""Where nothing is: the side of a map has 32."""


class AliveMaskedSMAX(SMAX):
    """SMAX whose units aim at the living.

    As released, a unit that shoots takes the enemy next to its aim, or the one it shot at last, dead or not: a team
    that always shoots at who is nearest spends nearly half of its shots on corpses. Here the dead are no targets, and
    who shall shoot again at an enemy that has died, or at none, shoots at the one next to its aim.
    """

    @partial(jax.jit, static_argnums=(0,))
    def _decode_continuous_actions(
        self, key: jax.Array, state: UnitState, actions: jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Return movements and targets for actions in [0, 1]."""
        places = jnp.where(state.unit_alive[:, None], state.unit_positions, _FAR)
        living = cast(Any, state).replace(unit_positions=places)
        movement, target = super()._decode_continuous_actions(key, living, actions)
        # the same draw of who shoots; an action of 1 never takes the last target
        _, nearest = super()._decode_continuous_actions(key, living, actions.at[:, 0].set(1.0))
        has_target = (target >= self.num_movement_actions) & state.unit_alive[
            target - self.num_movement_actions + self.num_allies
        ]
        return movement, jnp.where(has_target, target, nearest)


class Turn(NamedTuple):
    """What a step of all battles gives."""

    obs: jax.Array
    """What the allies of the running battles see. Shape: (N, A, O)."""

    state: jax.Array
    """State of the running battles. Shape: (N, S)."""

    final_obs: jax.Array
    """What the allies saw last, before battles that ended gave way to new ones. Shape: (N, A, O)."""

    final_state: jax.Array
    """State before battles that ended gave way to new ones. Shape: (N, S)."""

    reward: jax.Array
    """Reward that all allies share. Shape: (N,)."""

    done: jax.Array
    """Battles that ended. Shape: (N,)."""

    time_out: jax.Array
    """Battles that ended by the limit, both sides alive. Shape: (N,)."""

    won: jax.Array
    """Battles whose enemies are dead and whose allies are not. Shape: (N,)."""

    enemies_dead: jax.Array
    """Share of the enemies that are dead. Shape: (N,)."""

    length: jax.Array
    """Steps of the running battles. Shape: (N,)."""


class Battles:
    """Functions of the state of a batch of battles against the enemy that shoots at who is nearest."""

    def __init__(self, scenario: str, decode: str) -> None:
        """Describe the battles.

        Args:
            scenario: Name of a map of JaxMARL.
            decode: How actions are read: ``released`` or ``alive_masked``.
        """
        options = {"scenario": map_name_to_scenario(scenario), "action_type": "continuous"}
        self.env = HeuristicEnemySMAX(**options)
        if decode == "alive_masked":
            self.env._env = AliveMaskedSMAX(**options)
        self.names = tuple(self.env.agents)

    @partial(jax.jit, static_argnums=(0, 2))
    def begin(self, key: jax.Array, num_envs: int) -> tuple:
        """Return the states of new battles, what the allies see and the state."""
        obs, battles = jax.vmap(self.env.reset)(jax.random.split(key, num_envs))
        return _typed(battles), self._stack(obs), obs["world_state"]

    @partial(jax.jit, static_argnums=(0,))
    def advance(self, key: jax.Array, battles: Any, length: jax.Array, actions: jax.Array) -> tuple:
        """Step all battles and begin those anew that have ended.

        Args:
            key: Key of the random numbers.
            battles: States before the step.
            length: Steps of the running battles. Shape: (N,).
            actions: In [0, 1]. Shape: (N, A, 4).

        Returns:
            The key of the next step, the states after the step, and the :class:`Turn`.
        """
        key, *keys = jax.random.split(key, 3)
        step_keys, first_keys = (jax.random.split(part, len(length)) for part in keys)
        by_name = {name: actions[:, column] for column, name in enumerate(self.names)}
        battles = battles.replace(state=battles.state.replace(step=length))
        obs, after, rewards, dones, _ = jax.vmap(self.env.step_env)(step_keys, battles, by_name)
        first_obs, first = jax.vmap(self.env.reset)(first_keys)
        done = dones["__all__"]

        def going(new: jax.Array, old: jax.Array) -> jax.Array:
            return jnp.where(done.reshape(-1, *[1] * (old.ndim - 1)), new, old)

        dead = ~after.state.unit_alive
        lost = dead[:, : len(self.names)].all(1)
        beaten = dead[:, len(self.names) :].all(1)
        running: Any = _typed(jax.tree.map(going, first, after))
        seen, seen_first = self._stack(obs), self._stack(first_obs)
        turn = Turn(
            obs=going(seen_first, seen),
            state=going(first_obs["world_state"], obs["world_state"]),
            final_obs=seen,
            final_state=obs["world_state"],
            reward=rewards[self.names[0]],
            done=done,
            time_out=done & ~lost & ~beaten,
            won=beaten & ~lost,
            enemies_dead=dead[:, len(self.names) :].mean(1),
            length=running.state.step,
        )
        return key, running, turn

    def _stack(self, obs: dict[str, jax.Array]) -> jax.Array:
        return jnp.stack([obs[name] for name in self.names], axis=1)


@cache
def battles_of(scenario: str, decode: str) -> Battles:
    """Return the same battles whenever a process asks, so that a size of batch is compiled once."""
    return Battles(scenario, decode)


def _typed(battles: tuple) -> tuple:
    """Return the same with types that were meant to be so: JAX compiles anew for a number of weak type."""
    return jax.tree.map(lambda entry: entry.astype(entry.dtype), battles)
