# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What kind of environment an id means, and what its settings are: those of the run, of the task, of the user."""

import logging
import math
import subprocess
import sys

import pytest
from own_tasks import NAMES, working_directory_with_tasks

from ddpl_isaac import run_directory
from ddpl_isaac.cli import Parser
from ddpl_isaac.envs.built_in import BUILT_IN
from ddpl_isaac.envs.registry import find_source
from ddpl_isaac.envs.vec_env import DEFAULT_LIMITS
from ddpl_isaac.errors import ConfigError

TASK = "own_tasks_here:Own-Task"


def parse(*tokens):
    parser = Parser("Test.")
    parser.add_argument("--checkpoint")
    parser.add_video_args()
    return parser.parse(list(tokens))


def plan(task, *tokens, run_dir=None, play=False):
    command = parse("--task", task, "--device", "cpu", *tokens)
    return command.source.plan(command.args, command.env, run_dir=run_dir, play=play)


def write_run(tmp_path, plan):
    """Write what a training writes of its environment, and return its directory."""
    run_dir = tmp_path / "run"
    (run_dir / "params").mkdir(parents=True, exist_ok=True)
    run_directory.write_manifest(run_dir, plan.task, None, plan.tokens)
    plan.source.record(plan, run_dir / run_directory.ENV_SETTINGS_NAME, num_envs=5, seed=7)
    return run_dir


def restore(run_dir, *tokens, play=False):
    return plan(TASK, *tokens, run_dir=run_dir, play=play)


@pytest.fixture
def own_tasks(tmp_path):
    with working_directory_with_tasks(tmp_path):
        yield


@pytest.mark.usefixtures("own_tasks")
@pytest.mark.parametrize("name", NAMES)
def test_a_task_of_the_users_module_is_the_users_whatever_its_name(name):
    planned = plan(f"own_tasks_here:{name}")
    assert planned.source is not BUILT_IN
    assert planned.task == name
    assert planned.cfg.gain == 1.0
    # by now it is registered with gymnasium, which tells without the module too
    assert plan(name).cfg.gain == 1.0


def test_an_id_of_a_family_is_the_familys():
    assert find_source("MPE-Spread-v0") is BUILT_IN
    assert find_source("MaMuJoCo-Ant-v0") is BUILT_IN
    for other in ("MPE-anything", "MPE", "DDPL-Shadow-Hands", "module:MPE-Spread-v0", "Coordination-Box-v0", None):
        assert find_source(other) is not BUILT_IN


def test_a_family_starts_without_isaac_lab():
    code = """
import sys
from ddpl_isaac.cli import Parser
parser = Parser("Test.")
command = parser.parse(["--task", "MPE-Spread-v0", "--seed", "3"])
assert command.source.tasks()
assert command.source.plan(command.args, command.env).options
assert not [name for name in sys.modules if name.partition(".")[0].startswith(("isaaclab", "pxr"))]
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.usefixtures("own_tasks")
def test_a_missing_module_names_the_directories_that_were_searched(tmp_path):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "elsewhere.py").write_text("")
    with pytest.raises(ConfigError, match="there is no module 'no_such_module'") as caught:
        plan("no_such_module:Own-Task")
    assert f"Searched: {tmp_path}" in str(caught.value)
    with pytest.raises(ConfigError, match=r"There is one in deeper: set PYTHONPATH=deeper\."):
        plan("elsewhere:Own-Task")
    with pytest.raises(ConfigError, match="Did you mean 'own_tasks_here'"):
        plan("own_task_here:Own-Task")
    for name in ("own_tasks_here.py", "./own_tasks_here", ""):
        with pytest.raises(ConfigError, match="module"):
            plan(f"{name}:Own-Task")


@pytest.mark.usefixtures("own_tasks")
@pytest.mark.parametrize(
    ("line", "cause"), [("import nothing_there", "nothing_there"), ("from math import no", "'no'")]
)
def test_an_import_that_fails_inside_the_users_module_names_its_cause(tmp_path, line, cause):
    name = f"broken_{cause.strip(chr(39))}"
    (tmp_path / f"{name}.py").write_text(f"import math\n{line}\n")
    with pytest.raises(ConfigError, match=rf"import fails in .*{name}\.py, line 2: .*{cause}"):
        plan(f"{name}:Own-Task")


def test_a_task_that_is_not_for_isaac_lab_is_told_apart_from_an_unknown_one():
    with pytest.raises(ConfigError, match="registered with gymnasium, but not for Isaac Lab"):
        plan("CartPole-v1")
    with pytest.raises(ConfigError, match=r"Unknown task 'MPE-Spred-v0'\. Did you mean MPE-Spread-v0"):
        plan("MPE-Spred-v0")


@pytest.mark.usefixtures("own_tasks")
def test_a_run_is_continued_with_its_settings_and_the_command_line_on_top(tmp_path):
    run_dir = write_run(
        tmp_path, plan(TASK, "env.gain=7.5", "env.sizes=(4,5)", "env.scene.env_spacing=3", "env.sim.gravity=(0,0,-1)")
    )
    cfg = restore(run_dir).cfg
    assert (cfg.gain, cfg.sizes, cfg.scene.env_spacing, cfg.sim.gravity) == (7.5, (4, 5), 3.0, (0, 0, -1))
    second = write_run(tmp_path, restore(run_dir, "env.gain=2.5"))
    cfg = restore(second).cfg
    assert (cfg.gain, cfg.sizes) == (2.5, (4, 5))
    # a value of the command line counts even if it is the default of the task
    assert restore(second, "env.gain=1.0").cfg.gain == 1.0


@pytest.mark.usefixtures("own_tasks")
def test_number_of_environments_seed_and_device_are_not_those_of_the_run(tmp_path):
    run_dir = write_run(tmp_path, plan(TASK))
    text = (run_dir / "params" / "env.yaml").read_text()
    (run_dir / "params" / "env.yaml").write_text(text.replace("device: cpu", "device: cuda:3"))
    cfg = restore(run_dir).cfg
    assert (cfg.scene.num_envs, cfg.seed, cfg.sim.device) == (4, None, "cpu")


def test_a_run_keeps_what_has_another_default_by_now(tmp_path, caplog):
    with working_directory_with_tasks(tmp_path):
        run_dir = write_run(tmp_path, plan(TASK))
    changes = {"gain: float = 1.0": "gain: float = 3.0\n    new: int = 1", "(1, 2)": "(3, 4)", "/here/": "/there/"}
    (run_dir / "run.json").unlink()  # of an old run, whose file told less
    with working_directory_with_tasks(tmp_path, **changes), caplog.at_level(logging.WARNING):
        cfg = restore(run_dir).cfg
        assert (cfg.gain, cfg.sizes, cfg.new) == (1.0, (1, 2), 1)
        assert cfg.file == "/there/robot.usd"
        assert "env.file" in caplog.text
        assert restore(run_dir, "env.gain=3.0").cfg.gain == 3.0
        (run_dir / "params" / "env.yaml").unlink()
        assert restore(run_dir).cfg.gain == 3.0


def test_a_setting_of_the_run_that_is_gone_is_refused_by_name(tmp_path):
    with working_directory_with_tasks(tmp_path):
        run_dir = write_run(tmp_path, plan(TASK, "env.gain=7.5"))
    with (
        working_directory_with_tasks(tmp_path, **{"gain: float": "gaim: float"}),
        pytest.raises(ConfigError, match=r"The run was started with env\.gain=7\.5.*did you mean 'env\.gaim'"),
    ):
        restore(run_dir)


@pytest.mark.usefixtures("own_tasks")
def test_playing_applies_the_tasks_settings_for_it_on_top_of_the_runs(tmp_path):
    run_dir = write_run(tmp_path, plan(TASK, "env.gain=7.5", "env.decimation=4"))
    cfg = restore(run_dir, "env.episode_length_s=2.0", play=True).cfg
    assert (cfg.gain, cfg.decimation, cfg.episode_length_s) == (7.5, 1, 2.0)


def test_the_engine_is_that_of_the_run_unless_the_command_line_names_one(tmp_path):
    run_dir = write_run(tmp_path, plan("DDPL-Cart-Pendulum", "physics=newton_mjwarp", "env.decimation=3"))
    restored = plan("DDPL-Cart-Pendulum", run_dir=run_dir)
    assert type(restored.cfg.sim.physics).__name__ == "NewtonCfg"
    assert restored.cfg.decimation == 3
    restored = plan("DDPL-Cart-Pendulum", "physics=ovphysx", run_dir=run_dir)
    assert type(restored.cfg.sim.physics).__name__ == "OvPhysxCfg"
    assert restored.cfg.decimation == 3
    assert restored.tokens == ("physics=ovphysx", "env.decimation=3")


@pytest.mark.usefixtures("own_tasks")
@pytest.mark.parametrize(("field", "flag", "value"), [("env.scene.num_envs", "num_envs", 6), ("env.seed", "seed", 11)])
def test_a_field_alone_is_honoured(field, flag, value):
    command = parse("--task", TASK, f"{field}={value}")
    assert getattr(command.args, flag) == value
    assert command.env == ()
    with pytest.raises(ConfigError, match=rf"'--{flag} 3' and '{field}={value}' set the same"):
        parse("--task", TASK, f"--{flag}", "3", f"{field}={value}")
    with pytest.raises(ConfigError, match=rf"'{field}={value}' and 'agent.{flag}={value}' set the same"):
        parse("--task", TASK, f"{field}={value}", f"agent.{flag}={value}")
    with pytest.raises(ConfigError, match=rf"'{field}=-1': the value must be (>=|in)"):
        parse("--task", TASK, f"{field}=-1")
    with pytest.raises(ConfigError, match=rf"'{field}=many': the value must be a whole number"):
        parse("--task", TASK, f"{field}=many")


@pytest.mark.usefixtures("own_tasks")
def test_the_device_of_the_simulation_is_that_of_the_flag():
    command = parse("--task", TASK, "env.sim.device=cpu")
    planned = command.source.plan(command.args, command.env)
    assert planned.device == planned.cfg.sim.device == "cpu"
    with pytest.raises(ConfigError, match=r"'--device cpu' and 'env\.sim\.device=cpu' set the same"):
        parse("--task", TASK, "--device", "cpu", "env.sim.device=cpu")


@pytest.mark.usefixtures("own_tasks")
@pytest.mark.parametrize(("length_s", "steps"), [(1.0, 8), (0.13, 8), (0.05, 3)])
def test_episodes_end_after_the_fewer_of_the_registrations_and_the_configurations_steps(length_s, steps):
    planned = plan("own_tasks_here:Own-Limit", f"env.episode_length_s={length_s}")
    assert math.ceil(planned.cfg.episode_length_s / (planned.cfg.sim.dt * planned.cfg.decimation)) == steps
    assert bool(planned.notes) == (steps == 8 and length_s == 1.0)


def test_an_agent_with_the_name_of_the_state_has_another_one_here(tmp_path):
    agents = {
        '"/here/robot.usd"': '""\n    possible_agents = ["state"]\n    action_spaces = {"state": 1}'
        '\n    observation_spaces = {"state": 5}'
    }
    with working_directory_with_tasks(tmp_path, **agents):
        planned = plan(TASK)
        planned = planned.source.bounded(planned, DEFAULT_LIMITS)
    assert [agent["name"] for agent in planned.declared["agents"]] == ["agent_state"]
    assert planned.declared["state_dim"] == 5
