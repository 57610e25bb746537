# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""SMAX, StarCraft battles in JAX, behind the environment protocol: arrays change hands without a copy."""

from __future__ import annotations

import contextlib
import io
import numpy as np
import os
import sys
import torch
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from tensordict import TensorDict
from typing import Any

from PIL import Image, ImageDraw

from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.envs.family import Family
from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError

MAPS = (
    "3m", "8m", "25m", "2s3z", "3s5z", "5m_vs_6m", "10m_vs_11m", "27m_vs_30m", "3s_vs_5z", "3s5z_vs_3s6z", "6h_vs_8z",
    "smacv2_5_units", "smacv2_10_units", "smacv2_20_units",
)  # fmt: skip
"""Maps of JaxMARL 0.2."""

TASKS = tuple(f"SMAX-{name}-v0" for name in MAPS)

DECODES = ("alive_masked", "released")

ACTION_DIM = 4
"""Chance to aim anew rather than at the last target, chance to move rather than to shoot, radius, angle / 2 pi."""

_PIXELS = 400
_ALLY, _ENEMY = "#5b6ee1", "#d95763"


class SmaxEnv(MultiAgentVecEnv):
    """A batch of battles. The team reward is the one that all allies share: damage done, and 1 for a victory.

    A unit acts by four numbers in [0, 1] (:data:`ACTION_DIM`), of which the first two are chances that the simulation
    draws by. A dead unit observes zeros. Victory and defeat end an episode; the limit cuts it.
    """

    step_dt = 0.5

    def __init__(
        self, task: str, num_envs: int, device: torch.device | str = "cpu", seed: int = 0, *, decode: str = DECODES[0]
    ) -> None:
        """Create the battles.

        Args:
            task: Identifier, ``SMAX-<map>-v0``.
            num_envs: Number of battles.
            device: Device of everything.
            seed: Seed of the battles' random numbers.
            decode: ``released``: read actions as JaxMARL does; ``alive_masked``: the same, but nobody aims at the dead.

        Raises:
            ConfigError: If JAX does not have the device.
        """
        self._jax, self._home = import_jax(device)
        with _quiet_import():
            from ddpl_isaac.envs.smax_battle import battles_of

        self.task, self.num_envs, self.device, self.cfg = task, num_envs, device, {"decode": decode}
        self._battles = battles_of(_map_of(task), decode)
        words = np.array([seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF], np.uint32)  # key() would drop the upper one
        self._key = self._jax.device_put(self._jax.random.wrap_key_data(words), self._home)
        self.max_episode_length = self._battles.env.max_steps + 1  # the limit is looked at before the step counts
        self.reset()
        _, num_agents, obs_dim = self._obs.shape
        self.num_actions, self.state_dim = num_agents * ACTION_DIM, self._state.shape[1]
        self.agents = tuple(
            AgentSpec(name, obs_dim, slice(start, start + ACTION_DIM), (0.0,) * ACTION_DIM, (1.0,) * ACTION_DIM, True)
            for name, start in zip(self._battles.names, range(0, self.num_actions, ACTION_DIM), strict=True)
        )

    def reset(self) -> TensorDict:
        """Start new episodes in all battles and return the observations."""
        self._key, key = self._jax.random.split(self._key)
        self._running, obs, state = self._battles.begin(key, self.num_envs)
        self._obs, self._state = torch.from_dlpack(obs), torch.from_dlpack(state)
        self.episode_length_buf = torch.zeros(self.num_envs, dtype=torch.long, device=self.device)
        return self.get_observations()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        return self._tensordict(self._obs, self._state)

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Apply the joint action (num_envs, num_actions), clipped to [0, 1]; what is no number becomes 0."""
        # tensors of our own: nobody may write to them while JAX reads
        actions = torch.nan_to_num(actions.detach().to(self.device, torch.float32), nan=0.0).clamp(0.0, 1.0)
        given = actions.view(self.num_envs, -1, ACTION_DIM), self.episode_length_buf.to(torch.int32)
        length_actions = [self._jax.dlpack.from_dlpack(tensor) for tensor in reversed(given)]
        self._key, self._running, turn = self._battles.advance(self._key, self._running, *length_actions)
        turn = type(turn)(*(torch.from_dlpack(array) for array in turn))
        self._obs, self._state, self.episode_length_buf = turn.obs, turn.state, turn.length.long()
        extras = {
            "time_outs": turn.time_out.clone(),
            "final_obs": self._tensordict(turn.final_obs, turn.final_state),
            "metrics": {"success": turn.won.float(), "enemies_dead": turn.enemies_dead.clone()},
        }
        return self.get_observations(), turn.reward.clone(), turn.done.clone(), extras

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Return the battles, what is seen of them and the random numbers."""
        return {str(i): torch.from_dlpack(leaf).clone() for i, leaf in enumerate(self._jax.tree.leaves(self._whole()))}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Go on in the middle of the battles."""
        # copies: the caller may write to its own
        leaves = [self._jax.dlpack.from_dlpack(state[str(i)].to(self.device, copy=True)) for i in range(len(state))]
        whole = self._jax.tree.unflatten(self._jax.tree.structure(self._whole()), leaves)
        key, self._running, obs, seen = whole
        self._key = self._jax.random.wrap_key_data(key)
        self._obs, self._state = torch.from_dlpack(obs), torch.from_dlpack(seen)
        self.episode_length_buf = torch.from_dlpack(self._running.state.step).long()

    def close(self) -> None:
        """Nothing to free."""

    def picture(self) -> np.ndarray:
        """Return an image of the first battle, units with their health. Shape: (400, 400, 3), bytes."""
        rules, units = self._battles.env, self._jax.tree.map(lambda entry: np.asarray(entry[0]), self._running.state)
        image = Image.new("RGB", (_PIXELS, _PIXELS), "white")
        canvas = ImageDraw.Draw(image)
        scale = _PIXELS / rules.map_width
        radii = np.asarray(rules.unit_type_radiuses)[units.unit_types] * scale
        health = units.unit_health / np.asarray(rules.unit_type_health)[units.unit_types]
        for number in np.flatnonzero(units.unit_alive):
            x, y = units.unit_positions[number] * (scale, -scale) + (0, _PIXELS)
            radius, color = radii[number], _ALLY if number < len(self.agents) else _ENEMY
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color, outline="black")
            canvas.line((x - 8, y - radius - 4, x - 8 + 16 * health[number], y - radius - 4), fill=color, width=3)
        return np.asarray(image)

    def _whole(self) -> tuple:
        """Return all that changes from step to step, as arrays of JAX."""
        seen = (self._jax.dlpack.from_dlpack(part) for part in (self._obs, self._state))
        return self._jax.random.key_data(self._key), self._running, *seen

    def _tensordict(self, obs: torch.Tensor, state: torch.Tensor) -> TensorDict:
        """Return copies by name: JAX counts on its arrays to stay as they are."""
        entries = {name: obs[:, column].clone() for column, name in enumerate(self._battles.names)}
        return TensorDict(entries | {"state": state.clone()}, batch_size=[self.num_envs])


def import_jax(device: torch.device | str) -> tuple[Any, Any]:
    """Import JAX and return it with its name for torch's device.

    Compiled programs are kept in ``$XDG_CACHE_HOME/ddpl_isaac/jax`` unless ``JAX_COMPILATION_CACHE_DIR`` says where.

    Raises:
        ConfigError: If JAX does not have the device.
    """
    device = torch.device(device)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch wants memory too
    if device.type == "cpu":
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ddpl_isaac" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    import jax

    # whoever starts another program at once, such as that of a video, does not wait for JAX's threads
    warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning, module="subprocess")
    with contextlib.suppress(RuntimeError, IndexError):
        return jax, jax.devices(device.type)[device.index or 0]
    found = ", ".join(sorted({other.platform for other in jax.devices()}))
    raise ConfigError(
        f"--device {device}: JAX has no such device here, only {found}. Install JAX for it (pip install 'jax[cuda13]'),"
        " or use --device cpu."
    )


@contextlib.contextmanager
def _quiet_import() -> Generator[None]:
    """Hide what JaxMARL's import prints, and undo that it sets the streams to those that the process began with."""
    sink, begun = io.StringIO(), sys.__stdout__
    sys.__stdout__ = sink
    try:
        with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sys.stderr):
            yield
    finally:
        sys.__stdout__ = begun


def _map_of(task: str) -> str:
    return task.removeprefix("SMAX-").removesuffix("-v0")


def _check(task: str, options: Mapping[str, Any]) -> None:  # noqa: ARG001, all maps take the same
    """Refuse a way to read actions that does not exist."""
    if options["decode"] not in DECODES:
        raise ConfigError(f"env.decode is '{options['decode']}'; choose of {', '.join(DECODES)}.")


FAMILY = Family(
    tasks=TASKS,
    make=SmaxEnv,
    settings=lambda _: "ddpl_isaac.configs:task/smax.yaml",
    defaults=lambda _: {"decode": DECODES[0]},
    check=_check,
    has_picture=True,
    extra=("smax", "jaxmarl"),
)
"""The battles."""
