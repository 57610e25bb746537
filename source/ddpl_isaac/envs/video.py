# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Videos of environments that draw themselves, one frame per step of the first environment."""

from __future__ import annotations

import argparse
import numpy as np
import torch
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from tensordict import TensorDict
from typing import Any

from imageio_ffmpeg import write_frames

from ddpl_isaac.envs.vec_env import MultiAgentVecEnv
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.interruption import whole_file

CLIP_LENGTH = 200
"""Steps of a clip unless ``--video_length`` says otherwise, as in Isaac Lab."""


def clip_length(args: argparse.Namespace) -> int:
    """Return the steps of a clip.

    Raises:
        ConfigError: If there would be none, or a clip would begin before the one before it ended.
    """
    length = CLIP_LENGTH if args.video_length is None else args.video_length
    if length < 1:
        raise ConfigError(f"--video_length is {length}; it must be >= 1.")
    if args.video_interval is not None and args.video_interval < length:
        raise ConfigError(f"--video_interval is {args.video_interval}; it must be >= {length}, the steps of a clip.")
    return length


class RecordedEnv(MultiAgentVecEnv):
    """An environment whose first ``length`` steps, and again those from every ``interval`` steps on, are recorded.

    The environment must have ``picture()``, which returns an image (height, width, 3) of bytes, and ``step_dt`` [s].
    """

    def __init__(self, env: MultiAgentVecEnv, folder: Path, *, length: int, interval: int | None) -> None:
        """Wrap an environment.

        Args:
            env: Environment that draws itself.
            folder: Folder of the clips, ``clip_<number>.mp4``; it is created.
            length: Steps of a clip.
            interval: Steps from the start of a clip to the next one; None for a single clip.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._drawn: Any = env  # has what the protocol does not ask for
        self.env, self.folder, self.length, self.interval = env, folder, length, interval
        self.task, self.agents, self.state_dim = env.task, env.agents, env.state_dim
        self.num_envs, self.num_actions, self.device, self.cfg = env.num_envs, env.num_actions, env.device, env.cfg
        self.max_episode_length, self.step_dt = env.max_episode_length, self._drawn.step_dt
        self._steps, self._clip = 0, ExitStack()
        self._writer: Generator[None, np.ndarray | None] | None = None

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Steps done in the running episodes. Shape: (num_envs,)."""
        return self.env.episode_length_buf

    @episode_length_buf.setter
    def episode_length_buf(self, value: torch.Tensor) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Pretend that episodes are older."""
        self.env.episode_length_buf = value

    def identity(self) -> dict[str, Any]:
        """Return that of the environment."""
        return self.env.identity()

    def reset(self) -> TensorDict:
        """Start new episodes."""
        return self.env.reset()

    def get_observations(self) -> TensorDict:
        """Return the observations of the running episodes."""
        return self.env.get_observations()

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict]:
        """Record what the action is an answer to, then apply it."""
        since_start = self._steps % self.interval if self.interval else self._steps
        if since_start < self.length:
            self._write(np.ascontiguousarray(self._drawn.picture()), first=since_start == 0)
        if since_start == self.length - 1:
            self._finish_clip()
        self._steps += 1
        return self.env.step(actions)

    def close(self) -> None:
        """Finish the clip and free the environment."""
        self._finish_clip()
        self.env.close()

    def _write(self, frame: np.ndarray, *, first: bool) -> None:
        """Append a frame (height, width, 3) to the clip, or to a new one."""
        if first:
            path = self.folder / f"clip_{len(list(self.folder.glob('clip_*.mp4')))}.mp4"
            height, width = frame.shape[:2]
            self._finish_clip()
            file, rate = self._clip.enter_context(whole_file(path)), 1.0 / self.step_dt
            writer = write_frames(file, (width, height), fps=rate, macro_block_size=1, ffmpeg_log_level="error")
            writer.send(None)
            self._writer = writer
        assert self._writer is not None
        self._writer.send(frame)

    def _finish_clip(self) -> None:
        """Complete the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._clip.close()
