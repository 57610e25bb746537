# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of a family's task, those of a run, and the videos of environments that draw themselves."""

import argparse
import subprocess
import sys
import torch

import imageio.v2 as imageio
import pytest

from ddpl_isaac.envs.built_in import BUILT_IN
from ddpl_isaac.envs.registry import find_source
from ddpl_isaac.envs.video import CLIP_LENGTH, clip_length
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.run_directory import ENV_SETTINGS_NAME

SPREAD = "MPE-Spread-v0"


def arguments(**changes):
    defaults = {"device": "cpu", "video": False, "video_length": None, "video_interval": None}
    return argparse.Namespace(**{"task": SPREAD} | defaults | changes)


def open_spread(args, tmp_path, *tokens):
    plan = BUILT_IN.plan(args, ["env.compile=eager", *tokens])
    return plan, BUILT_IN.open(plan, num_envs=2, seed=1, log_dir=tmp_path, video_folder="test")


def restore(run_dir, *tokens):
    return BUILT_IN.plan(arguments(), tokens, run_dir=run_dir)


@pytest.mark.parametrize(
    ("task", "has_picture"), [("DDPL-Shadow-Hands", True), (SPREAD, True), ("Coordination-Corners-v0", False)]
)
def test_all_but_the_coordination_games_can_be_recorded(task, has_picture):
    assert find_source(task).has_picture(task) is has_picture


def test_a_run_is_played_with_the_settings_that_it_wrote_down(tmp_path):
    plan, opened = open_spread(arguments(), tmp_path, "env.num_agents=5")
    with opened as env:
        assert len(env.agents) == 5
    (tmp_path / "params").mkdir()
    plan.source.record(plan, tmp_path / ENV_SETTINGS_NAME, num_envs=2, seed=1)
    plain = BUILT_IN.plan(arguments(), [])
    assert plain.options["num_agents"] == 3
    assert restore(tmp_path).options == {"compile": "eager", "num_agents": 5}
    assert restore(tmp_path, "env.num_agents=4").options["num_agents"] == 4
    assert restore(tmp_path / "absent").options == plain.options


def test_a_checkpoint_does_not_excuse_settings_that_cannot_be_used(tmp_path):
    with pytest.raises(ConfigError, match="takes 2 to 24 agents"):
        restore(tmp_path / "absent", "env.num_agents=0")


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


def test_the_families_leave_what_their_extras_bring_alone_until_it_is_needed():
    code = """
import sys
from ddpl_isaac.envs.registry import find_family
for name in ("Coordination-", "MPE-", "MaMuJoCo-", "SMAX-"):
    assert find_family(name).tasks
assert not {"mpe2", "pygame", "mujoco", "gymnasium_robotics", "pettingzoo", "jax", "jaxmarl"} & set(sys.modules)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr
