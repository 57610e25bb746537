# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Starts tasks of Isaac Lab."""

from __future__ import annotations

import argparse
import importlib.util
import os
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import gymnasium as gym

from isaaclab.app import add_launcher_args, launch_simulation, validate_launch
from isaaclab.envs import DirectMARLEnvCfg
from isaaclab_ov.physics import OvPhysxCfg
from isaaclab_physx.app import KitLauncher
from isaaclab_rl.entrypoints.common import apply_video_recording, pre_launch_video_config, request_determinism

from ddpl_isaac.envs.isaac_lab.cfg import quiet
from ddpl_isaac.envs.isaac_lab.vec_env import IsaacLabVecEnv
from ddpl_isaac.envs.source import EnvPlan
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.interruption import watch_again
from ddpl_isaac.runtime.physx_buffers import OverflowWatch
from ddpl_isaac.runtime.physx_threads import sparing_physx_threads

__all__ = ["add_launcher_args", "check_launch", "open_task"]

_RECORDERS = {"kit", "newton_gl", "newton_rtx"}


def check_launch(env_cfg: DirectMARLEnvCfg, args: argparse.Namespace) -> None:
    """Refuse a combination of engine, renderer and viewer that cannot start here.

    Raises:
        ConfigError: If the combination is impossible, or needs something that is not installed.
    """
    if args.video and args.visualizer is None and not KitLauncher.is_available():
        args.visualizer = ["newton_gl"]
    if args.video and args.visualizer is not None and not _RECORDERS & set(args.visualizer):
        raise ConfigError(
            f"--video cannot record --viz {','.join(args.visualizer) or 'none'}; choose newton_gl or kit."
        )
    pre_launch_video_config(env_cfg, args)
    try:
        _, kit_sources = validate_launch(env_cfg, args)
    except ValueError as error:
        raise ConfigError(str(error).strip().partition("\n")[0]) from error
    if kit_sources and not KitLauncher.is_available():
        raise ConfigError(
            f"Isaac Sim is not installed here, but needed by {', '.join(kit_sources)}."
            " Without it choose physics=ovphysx or newton_mjwarp, and --viz newton_gl, viser or rerun."
        )
    viewers = set(args.visualizer or [])
    for viewer in sorted(viewers & {"viser", "rerun"}):  # their packages have their names
        if importlib.util.find_spec(viewer) is None:
            raise ConfigError(f"--viz {viewer} needs the extra of that name: pip install 'isaaclab[{viewer}]==3.0.0'.")
    if "newton_gl" in viewers and not args.video and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        raise ConfigError(
            "--viz newton_gl opens a window, and there is no display: choose --viz viser, for a browser, or --video."
        )


@contextmanager
def open_task(plan: EnvPlan, log_dir: Path, video_folder: str) -> Generator[IsaacLabVecEnv]:
    """Start the simulator, make the environment, and close both at the end.

    Args:
        plan: The environment; its configuration has device, seed and number of environments.
        log_dir: Directory of the run, for videos.
        video_folder: Folder of the videos below ``videos/``.
    """
    env_cfg, args = plan.cfg, plan.args
    request_determinism(args, env_cfg)
    with launch_simulation(env_cfg, args):
        watch_again()
        env_cfg.log_dir = str(log_dir)
        apply_video_recording(env_cfg, str(log_dir), args, subdir=video_folder)
        on_cpu, without_sim = env_cfg.sim.device == "cpu", isinstance(env_cfg.sim.physics, OvPhysxCfg)
        threads = sparing_physx_threads() if on_cpu and without_sim else nullcontext()
        with nullcontext() if args.verbose or args.info else quiet(), threads, end_on_user_error():
            # what gymnasium wraps around takes dictionaries of tensors for errors and cannot cut their episodes;
            # max_episode_steps is part of the configuration by now
            plain = {"disable_env_checker": True, "max_episode_steps": -1}
            env = IsaacLabVecEnv(gym.make(plan.task, cfg=env_cfg, **plain), plan.task, plan.limits)
            identity, declared = env.identity(), plan.declared
            env.as_declared = declared is not None and all(declared[key] == identity[key] for key in declared)
            if without_sim and not on_cpu:  # on a CPU buffers grow
                watch = OverflowWatch()
                watch.listen()
                env.check_engine = watch.check
        watch_again()
        try:
            yield env
        finally:
            env.close()
