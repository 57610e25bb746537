# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of a suite's task, those of a run, and the videos of environments that draw themselves."""

import argparse
import subprocess
import sys
import torch

import imageio.v2 as imageio
import pytest

from ddpl_isaac.config_loader import ConfigError
from ddpl_isaac.envs.registry import dump_env_cfg, has_picture, needs_isaac_lab, open_env, plan_env, with_options_of_run
from ddpl_isaac.envs.video import CLIP_LENGTH, clip_length

SPREAD = "MPE-Spread-v0"


def arguments(**changes):
    defaults = {"device": "cpu", "video": False, "video_length": None, "video_interval": None, "checkpoint": None}
    return argparse.Namespace(**{"task": SPREAD} | defaults | changes)


def open_spread(args, tmp_path, *tokens):
    plan = plan_env(args, ["env.compile=eager", *tokens])
    return plan, open_env(plan, args, num_envs=2, seed=1, log_dir=tmp_path, video_folder="test")


def test_the_first_word_of_an_id_tells_the_suite():
    assert not any(map(needs_isaac_lab, ("MPE-Spread-v0", "MaMuJoCo-Ant-4x2-v0", "MPE-anything")))
    assert all(map(needs_isaac_lab, ("DDPL-Shadow-Hands", "MPE", "MPEs-Spread-v0", "module:MPE-Spread-v0")))


def test_all_but_the_coordination_games_can_be_recorded():
    assert has_picture("DDPL-Shadow-Hands")
    assert has_picture(SPREAD)
    assert not has_picture("Coordination-Corners-v0")


def test_a_run_is_played_with_the_settings_that_it_wrote_down(tmp_path):
    plan, opened = open_spread(arguments(), tmp_path, "env.num_agents=5")
    with opened as env:
        assert len(env.agents) == 5
        dump_env_cfg(plan, env, tmp_path / "env.yaml")
    plain = plan_env(arguments(checkpoint="latest"), [])
    assert plain.options["num_agents"] == 3
    assert with_options_of_run(plain, tmp_path / "env.yaml", []).options == {"compile": "eager", "num_agents": 5}
    assert with_options_of_run(plain, tmp_path / "env.yaml", ["env.num_agents=4"]).options["num_agents"] == 4
    assert with_options_of_run(plain, tmp_path / "absent.yaml", []).options == plain.options


def test_a_checkpoint_does_not_excuse_settings_that_cannot_be_used(tmp_path):
    plan = plan_env(arguments(checkpoint="latest"), ["env.num_agents=0"])
    with pytest.raises(ConfigError, match="takes 2 to 24 agents"):
        with_options_of_run(plan, tmp_path / "absent.yaml", ["env.num_agents=0"])


def test_clips_have_their_length_and_start_at_every_interval(tmp_path):
    _, opened = open_spread(arguments(video=True, video_length=3, video_interval=5), tmp_path)
    with opened as env:
        env.episode_length_buf = torch.tensor([24, 7])
        for step in range(7):
            env.step(torch.rand(2, env.num_actions))
            assert env.episode_length_buf.tolist() == [step, step + 8]
    clips = sorted((tmp_path / "videos" / "test").iterdir())
    assert [clip.name for clip in clips] == ["clip_0.mp4", "clip_1.mp4"]
    assert [sum(1 for _ in imageio.get_reader(clip)) for clip in clips] == [3, 2]


def test_a_clip_has_200_steps_unless_told_otherwise():
    assert clip_length(arguments()) == CLIP_LENGTH == 200
    assert clip_length(arguments(video_length=7)) == 7


def test_the_suites_leave_what_their_extras_bring_alone_until_it_is_needed():
    code = """
import sys
from ddpl_isaac.envs.registry import find_suite
for name in ("Coordination-", "MPE-", "MaMuJoCo-", "SMAX-"):
    assert find_suite(name).tasks
assert not {"mpe2", "pygame", "mujoco", "gymnasium_robotics", "pettingzoo", "jax", "jaxmarl"} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
