# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whatever cannot work is refused in one line before anything starts."""

import importlib.util
import sys
import torch
from pathlib import Path

import pytest

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.runners.checkpoint import save_checkpoint
from ddpl_isaac.workflows.evaluate import evaluate
from ddpl_isaac.workflows.export import export
from ddpl_isaac.workflows.prepare import Prepared
from ddpl_isaac.workflows.train import train

GAME = "Coordination-Corners-v0"
CART = "DDPL-Cart-Pendulum"
needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def train_parser():
    parser = Parser("Train.")
    parser.add_argument("--max_iterations", type=int)
    parser.add_argument("--run_name")
    parser.add_argument("--checkpoint")
    parser.add_argument("--distributed", action="store_true")
    parser.add_video_args()
    return parser


@pytest.fixture
def refusal(monkeypatch, capsys, tmp_path):
    """Run the training with some arguments in an empty directory and return the line with which it is refused."""
    monkeypatch.chdir(tmp_path)

    def attempt(task, *tokens, workflow=train, parser=train_parser):
        monkeypatch.setattr(sys, "argv", ["script.py", "--task", task, *tokens])
        with pytest.raises(SystemExit) as caught:
            run(workflow, parser())
        assert caught.value.code == 2
        message = capsys.readouterr().err
        assert message.startswith("error: ")
        assert message.count("\n") == 1
        assert not list(tmp_path.glob("logs/ddpl/*")), "a refused run leaves no directory"
        return message

    return attempt


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["--num_envs", "0"], "'num_envs' (given in --num_envs) is 0; it must be >= 1."),
        (["--max_iterations", "0"], "'max_iterations' (given in --max_iterations) is 0; it must be >= 1."),
        (["--seed", "-1"], "'seed' (given in --seed) is -1; it must be in [0, 4294967295]."),
        (["--seed", "4294967296"], "'seed' (given in --seed) is 4294967296; it must be in [0, 4294967295]."),
        (["agent.seed=99999999999999999999"], "is 99999999999999999999; it must be in [0, 4294967295]."),
        (["--num_env", "3"], "did you mean '--num_envs'?"),
        (["agent.algorithm.gama=0.9"], "did you mean 'algorithm.gamma'?"),
        (["env.decimation=3"], "has no such setting; it has env.num_agents"),
        (["--video"], "a game without a picture"),
        (["--device", "gpu"], "it must be cpu, cuda or cuda:N."),
        (["agent.class_name=ddpl_isaac.config:Runer"], "'class_name' is 'ddpl_isaac.config:Runer'"),
        (["--distributed"], "--distributed needs torchrun"),
        (["--checkpoint", "nowhere.pt"], "nowhere.pt does not exist"),
        (["--checkpoint", "x" * 300], "cannot be read: File name too long."),
        (["--checkpoint", "latest"], "There is no checkpoint of the task"),
        (["--run_name", "../../x"], "'run_name' (given in --run_name) is '../../x'; it must be a name of"),
        (["--run_name", "x" * 300], "it must be a name of at most 200 bytes"),
        (["--run_name", "two\nlines"], "'two\\nlines'; it must be a name of"),
        (["agent.experiment_name=.."], "(given in agent.experiment_name=..) is '..'; it must be a name of"),
        (["agent.experiment_name=''"], "(given in agent.experiment_name='') is ''; it must be a name of"),
    ],
)
def test_arguments_of_a_game(refusal, tokens, expected):
    assert expected in refusal(GAME, *tokens)


@pytest.mark.parametrize(
    ("task", "tokens", "expected"),
    [
        ("MPE-Spread-v0", ["env.num_agents=0"], "env.num_agents is 0; MPE-Spread-v0 takes 2 to 24 agents."),
        ("MPE-Spread-v0", ["env.num_agents=25"], "takes 2 to 24 agents."),
        ("MPE-Spread-v0", ["env.num_agents=many"], "the value must be a whole number, such as the default 3."),
        ("MPE-Spread-v0", ["env.num_agnets=3"], "it has env.num_agents."),
        ("MPE-Spread-v0", ["env.compile=fast"], "choose of auto, eager."),
        ("MPE-Spread-v0", ["physics=ovphysx"], "MPE-Spread-v0 has no such setting"),
        ("MPE-Spread-v0", ["--video", "--video_length", "0"], "--video_length is 0; it must be >= 1."),
        ("MPE-Spread-v0", ["--video", "--video_interval", "9"], "it must be >= 200, the steps of a clip."),
        ("MPE-Reference-v0", ["env.num_agents=3"], "MPE-Reference-v0 has no such setting; it has env.compile."),
        ("MPE-Spred-v0", [], "Did you mean MPE-Spread-v0"),
    ],
)
def test_arguments_of_a_family(refusal, task, tokens, expected):
    assert expected in refusal(task, *tokens)


def test_a_file_where_the_run_directories_should_be(refusal, tmp_path):
    (tmp_path / "logs").write_text("mine")
    assert "is a file and holds no other; choose another place." in refusal(GAME)
    assert (tmp_path / "logs").read_text() == "mine"


def test_a_family_whose_extra_is_missing_says_which_command_installs_it(refusal, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gymnasium_robotics" else found(name))
    message = refusal("MaMuJoCo-Ant-4x2-v0")
    assert "uv sync --inexact --extra mamujoco, or pip install -e '.[mamujoco]'." in message


def export_parser():
    parser = Parser("Export.")
    parser.add_argument("--checkpoint", default="latest")
    parser.add_argument("--output", type=Path)
    return parser


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ([], "There is no checkpoint of the task"),
        (["--checkpoint", "nowhere.pt"], "nowhere.pt does not exist"),
        (["--checkpoint", "cart.pt"], f"belongs to the task {CART}, not to {GAME}"),
        (["--checkpoint", "game.pt", "--output", "game.pt"], "--output is 'game.pt', a file; it must be a directory."),
        (["--checkpoint", "game.pt", "agent.algorithm.policy_class=gmm"], "Only diffusion policies can be exported"),
    ],
)
def test_arguments_of_an_export(refusal, tmp_path, tokens, expected):
    for name, task in (("cart", CART), ("game", GAME)):
        save_checkpoint(tmp_path / f"{name}.pt", {}, task=task)
    assert expected in refusal(GAME, *tokens, workflow=export, parser=export_parser)
    assert not list(tmp_path.glob("**/exported"))


def evaluate_parser():
    parser = export_parser()
    parser.add_argument("--num_episodes", type=int, default=8)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--html", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["--num_episodes", "0"], "--num_episodes is 0; it must be >= 1."),
        (["--draws", "0"], "--draws is 0; it must be >= 1"),
        (["--temperature", "-0.5"], "--temperature is -0.5; it must be a number >= 0"),
        (["--temperature", "nan"], "--temperature is nan; it must be a number >= 0"),
        (["--output", "."], "--output is '.', a directory; it must be a file."),
        (["--output", "game.pt/scores.json"], "is a file and holds no other"),
        (["--output", "x" * 300], "of which a part is longer than 255 bytes; shorten it."),
        (["--output", "scores.html", "--html"], "name it .json."),
    ],
)
def test_arguments_of_an_evaluation(refusal, tmp_path, tokens, expected):
    save_checkpoint(tmp_path / "game.pt", {}, task=GAME)
    arguments = "--checkpoint", "game.pt", *tokens
    assert expected in refusal(GAME, *arguments, workflow=evaluate, parser=evaluate_parser)


@needs_no_gpu
def test_a_gpu_where_there_is_none(refusal):
    assert "--device cuda:0: this machine has no CUDA device." in refusal(GAME, "--device", "cuda:0")


def test_a_checkpoint_of_another_task(refusal, tmp_path):
    path = tmp_path / "model_3.pt"
    save_checkpoint(path, {}, task=CART)
    assert f"belongs to the task {CART}, not to {GAME}" in refusal(GAME, "--checkpoint", str(path))


def test_a_truncated_checkpoint(refusal, tmp_path):
    path = tmp_path / "model_3.pt"
    save_checkpoint(path, {"weights": torch.zeros(1000)}, task=GAME)
    path.write_bytes(path.read_bytes()[:-100])
    before = path.read_bytes()
    assert str(path) in refusal(GAME, "--checkpoint", str(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("task", "nearest"),
    [
        ("DDPL-Cart-Pendulm", CART),
        ("ddpl-shadow-hands", "DDPL-Shadow-Hands"),
        ("Coordination-Corner-v0", GAME),
    ],
)
def test_an_unknown_task_names_the_nearest_ones(refusal, task, nearest):
    message = refusal(task)
    assert f"Unknown task '{task}'" in message
    assert nearest in message


def test_a_module_that_is_not_there(refusal):
    assert "there is no module 'no_such_module'" in refusal("no_such_module:Some-Task")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Odd-Discrete", "The space of the action of 'pusher' is Discrete(3); DDPL needs a Box of real numbers"),
        ("Odd-No-Action", "The action of 'pusher' is empty, of shape (0,)"),
        ("Odd-Forgotten", "The observation of 'guide' has no space"),
        ("Odd-Image", "lower agent.algorithm.replay.capacity"),
    ],
)
def test_a_task_that_cannot_be_trained_is_refused_before_a_simulator_starts(refusal, monkeypatch, task, expected):
    monkeypatch.setattr(Prepared, "open", lambda *_: pytest.fail("it was opened"))
    assert expected in refusal(f"odd_tasks:{task}")


def test_a_replay_of_a_game_that_does_not_fit_leaves_no_directory(refusal):
    tokens = "agent.algorithm.replay.capacity=1000000000000", "agent.algorithm.compile=eager"
    for overlap in ("true", "false"):
        message = refusal(GAME, *tokens, f"agent.algorithm.overlap_learning={overlap}")
        assert "The replay of 1000000000000 transitions needs" in message


def test_a_task_with_a_single_agent(refusal):
    assert "has a single agent (CartpoleEnvCfg)" in refusal("Isaac-Cartpole-Direct")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("physics=ovphysics", "Did you mean 'physics=ovphysx'?"),
        ("presets=nonsense", f"{CART} has no presets preset 'nonsense'"),
        ("env.decimaton=3", "did you mean 'env.decimation'?"),
        ("env.sim.dtt=0.1", "did you mean 'env.sim.dt'?"),
        ("env.decimation=often", "the value must be like the default 2, a int."),
        ("env.decimation.twice=1", "Unknown field 'env.decimation.twice'"),
        ("env.decimation", "not of the form env.field=value"),
    ],
)
def test_settings_of_a_task_of_isaac_lab(refusal, token, expected):
    assert expected in refusal(CART, token)


@pytest.mark.parametrize("tokens", [["--viz", "kit"], ["physics=isaacsim_physx"]])
def test_isaac_sim_where_it_is_not_installed(refusal, tokens):
    if importlib.util.find_spec("isaacsim"):
        pytest.skip("Isaac Sim is installed")
    message = refusal(CART, *tokens)
    assert "Isaac Sim is not installed here" in message
    assert "physics=ovphysx" in message


def test_a_video_from_a_viewer_that_records_none(refusal):
    assert "cannot record --viz none" in refusal(CART, "--video", "--viz", "none")


def test_a_window_where_there_is_no_display(refusal, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "there is no display: choose --viz viser" in refusal(CART, "--viz", "newton_gl")
