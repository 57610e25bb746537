# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

import pytest

from ddpl_isaac.cli import Parser, end_on_user_error
from ddpl_isaac.config_loader import ConfigError, load_config

GAME = ["--task", "Coordination-Corners-v0"]


def parse(*tokens):
    parser = Parser("A test.")
    parser.add_video_args()
    return parser.parse([*GAME, *tokens])


def test_tokens_are_sorted_by_whom_they_concern():
    command = parse("agent.seed=3", "physics=ovphysx", "--num_envs", "4", "env.decimation=2", "presets=a,b")
    assert command.args.num_envs == 4
    assert command.agent == ["agent.seed=3"]
    assert command.env == ["physics=ovphysx", "env.decimation=2", "presets=a,b"]


def test_the_device_is_none_unless_given():
    assert parse().args.device is None
    assert parse("--device", "cpu").args.device == "cpu"


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        ("--num_env=4", "'--num_envs'"),
        ("--vide", "'--video'"),
        ("physic=ovphysx", "'physics'"),
        ("agnet.seed=3", "'agent.'"),
        ("nonsense", "agent.field=value"),
    ],
)
def test_an_unknown_argument_names_the_nearest_one(token, hint):
    with pytest.raises(ConfigError, match="Unknown argument") as caught:
        parse(token)
    assert token in str(caught.value)
    assert hint in str(caught.value)


def test_a_malformed_flag_is_one_line_without_usage():
    with pytest.raises(ConfigError, match="--num_envs: invalid int value: 'four'") as caught:
        parse("--num_envs", "four")
    assert "\n" not in str(caught.value)


def test_the_task_is_required():
    with pytest.raises(ConfigError, match="--task"):
        Parser("A test.").parse(["--device=Coordination-Corners-v0"])


def test_a_value_error_of_our_code_ends_the_process_with_one_line(capsys):
    with pytest.raises(SystemExit) as caught, end_on_user_error():
        load_config(None, ["agent.seed=-1"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "error: 'seed' (given in agent.seed=-1) is -1; it must be >= 0.\n"


def test_a_value_error_of_a_library_keeps_its_traceback():
    with pytest.raises(ValueError, match="invalid literal"), end_on_user_error():
        int("a bug")
