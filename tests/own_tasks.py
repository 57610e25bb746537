# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tasks of somebody who starts in the directory of his module, with ids that begin like those of this project."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import gymnasium as gym

MODULE = """
import gymnasium as gym
from isaaclab.utils import configclass
from unlike_agents import UnlikeAgentsEnv, UnlikeAgentsEnvCfg

@configclass
class Cfg(UnlikeAgentsEnvCfg):
    gain: float = 1.0
    sizes: tuple = (1, 2)
    file: str = "/here/robot.usd"

    def play_mode(self):
        self.decimation = 1
        self.episode_length_s = 9.0

class Env(UnlikeAgentsEnv):
    pass

for name in NAMES:
    gym.register(id=name, entry_point="own_tasks_here:Env", kwargs={"env_cfg_entry_point": "own_tasks_here:Cfg"})
gym.register(
    id="Own-Limit", entry_point="own_tasks_here:Env", max_episode_steps=8,
    kwargs={"env_cfg_entry_point": "own_tasks_here:Cfg"},
)
"""

NAMES = ("Coordination-Box-v0", "MPE-Spread-v0", "MaMuJoCo-Ant-4x2-v0", "SMAX-3m-v0", "Own-Task")


@contextmanager
def working_directory_with_tasks(folder: Path, **replaced: str):
    """Write the module ``own_tasks_here`` into a directory and work there; forget all about it at the end."""
    text = MODULE.replace("NAMES", repr(NAMES))
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "own_tasks_here.py").write_text(text)
    before, path, cwd = dict(gym.registry), list(sys.path), Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(cwd)
        sys.path[:] = path
        sys.modules.pop("own_tasks_here", None)
        for name in set(gym.registry) - set(before):
            if name in (*NAMES, "Own-Limit"):
                del gym.registry[name]
