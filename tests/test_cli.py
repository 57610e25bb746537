# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

import ast
from pathlib import Path

import pytest

import ddpl_isaac
from ddpl_isaac.cli import Parser
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.storage.replay_storage import ReplayStorage

GAME = ["--task", "Coordination-Corners-v0"]


def parse(*tokens):
    parser = Parser("A test.")
    parser.add_video_args()
    return parser.parse([*GAME, *tokens])


def test_tokens_are_sorted_by_whom_they_concern():
    command = parse("agent.seed=3", "physics=ovphysx", "--num_envs", "4", "env.decimation=2", "presets=a,b")
    assert command.args.num_envs == 4
    assert command.agent == ("agent.seed=3",)
    assert command.env == ("physics=ovphysx", "env.decimation=2", "presets=a,b")


def test_nobody_writes_into_the_flags_that_the_user_gave():
    args = parse("--num_envs", "4").args
    with pytest.raises(AttributeError, match=r"but\(num_envs=5\)"):
        args.num_envs = 5
    assert args.but(num_envs=5).num_envs == 5
    assert args.num_envs == 4


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


@pytest.mark.parametrize("flag", ["num_envs", "seed"])
def test_a_flag_and_its_field_together_are_refused_whatever_their_values(flag):
    for value in ("3", "4"):
        with pytest.raises(ConfigError, match=f"'--{flag} 3' and 'agent.{flag}={value}' set the same; give one"):
            parse(f"--{flag}", "3", f"agent.{flag}={value}")
    assert parse(f"agent.{flag}=4").agent == (f"agent.{flag}=4",)


def test_the_task_is_required():
    with pytest.raises(ConfigError, match="--task"):
        Parser("A test.").parse(["--device=Coordination-Corners-v0"])


def test_what_the_user_can_mend_ends_the_process_with_one_line(capsys):
    with pytest.raises(SystemExit) as caught, end_on_user_error():
        load_config(None, ["agent.seed=-1"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "error: 'seed' (given in agent.seed=-1) is -1; it must be in [0, 4294967295].\n"


@pytest.mark.parametrize("module", ["somebody_elses", "ddpl_isaac.ours"])
@pytest.mark.parametrize("mistake", ["int('a bug')", "[].remove(1)", "raise ValueError('a bug')"])
def test_a_mistake_of_the_code_keeps_its_traceback_whoever_raised_it(module, mistake):
    with pytest.raises(ValueError, match=r"a bug|not in list"), end_on_user_error():
        exec(mistake, {"__name__": module})


def test_a_replay_that_does_not_fit_is_one_line(capsys):
    with pytest.raises(SystemExit), end_on_user_error():
        ReplayStorage(10**15, 2, (2, 3), 0, (2, 1), "cpu")
    assert capsys.readouterr().err.startswith("error: The replay of 1000000000000000 transitions needs ")


def test_all_errors_of_this_package_are_for_the_user():
    root = Path(ddpl_isaac.__file__).parent
    trees = {path: ast.walk(ast.parse(path.read_text())) for path in root.rglob("*.py")}
    bases = {
        node.name: {ast.unparse(base) for base in node.bases}
        for tree in trees.values()
        for node in tree
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")
    }
    assert len(bases) > 10
    for name, parents in bases.items():
        if name not in ("UserError", "InterruptedBetweenIterationsError"):
            assert "UserError" in parents, name
