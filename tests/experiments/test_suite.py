# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A grid is multiplied, resumed, checked and summed up."""

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import time
import torch
from functools import partial
from pathlib import Path

import pytest
from training import GAME, SMALL, iterations_done, start_script

from ddpl_isaac.errors import ConfigError
from ddpl_isaac.experiments.grid import read_cells
from ddpl_isaac.experiments.launchers import launch_local, launch_ray
from ddpl_isaac.experiments.suite import SuiteError, read_results, run_cell, run_suite
from ddpl_isaac.experiments.training_study import TrainingStudy

SCRIPTS = Path(__file__).parents[2] / "scripts"

SETTINGS = [
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.actor_batch_size=2",
    "agent.algorithm.issm.num_candidates=16",
    "agent.algorithm.issm.reference_window=2",
]


def write(path, studies, settings=SETTINGS):
    path.write_text(json.dumps({"studies": studies, "settings": settings}))
    return path


def small(**changes):
    return {"game": "corners", "policy_class": "gmm", "num_agents": 1, "num_seeds": 2, "refreshes": 1} | changes


def test_lists_are_multiplied(tmp_path):
    cells = read_cells(write(tmp_path / "a.yaml", [small(policy_class=["gmm", "ideal"], num_agents=[1, 3])]))
    assert [(cell.study.policy_class, cell.study.num_agents) for cell in cells] == [
        ("gmm", 1), ("gmm", 3), ("ideal", 1), ("ideal", 3),
    ]  # fmt: skip


def run(path, output, told, fail=()):
    """Run the grid in this process; cells named in ``fail`` fail."""

    def launch(names):
        for name in names:
            torch.compiler.reset()  # torch lets a function be compiled only so often
            if name not in fail:
                run_cell(path, output, name, SCRIPTS)
            yield name, "out of luck" if name in fail else ""

    return run_suite(path, output, launch, told.append)


def test_an_interrupted_grid_runs_only_what_is_missing(tmp_path):
    path, told = write(tmp_path / "a.yaml", [small(num_agents=[1, 2])]), []
    table = run(path, tmp_path / "out", told)
    assert [line.split()[:2] for line in told[1:]] == [
        ["1/2", "corners_n1_gmm_seed1,"],
        ["2/2", "corners_n2_gmm_seed1,"],
    ]
    assert table.count("| corners") == 2
    (tmp_path / "out" / "corners_n2_gmm_seed1.json").unlink()
    told.clear()
    assert run(path, tmp_path / "out", told) == table
    assert [line.split()[1] for line in told[1:]] == ["corners_n2_gmm_seed1,"]


def test_variants_differ_in_their_settings_and_stand_side_by_side(tmp_path):
    rho = "agent.algorithm.issm.uniform_share="
    grid = [small(variant="with", settings=[rho + "0.1"]), small(variant="without", settings=[rho + "0.0"])]
    cells = read_cells(write(tmp_path / "a.yaml", grid))
    assert [cell.name for cell in cells] == ["corners_n1_gmm_seed1_with", "corners_n1_gmm_seed1_without"]
    assert [cell.settings[-1][-3:] for cell in cells] == ["0.1", "0.0"]
    table = run(tmp_path / "a.yaml", tmp_path / "out", [])
    assert "| with " in table
    assert "| without " in table


def test_a_cell_that_fails_is_reported_and_tried_again_and_the_others_go_on(tmp_path):
    path, told = write(tmp_path / "a.yaml", [small(num_agents=[1, 2, 3])]), []
    with pytest.raises(SuiteError, match=r"1 of 3 cells failed: corners_n2_gmm_seed1") as caught:
        run(path, tmp_path / "out", told, fail=["corners_n2_gmm_seed1"])
    assert str(caught.value).count("| corners") == 2
    assert "corners_n2_gmm_seed1 FAILED: out of luck" in told[2]
    assert run(path, tmp_path / "out", []).count("| corners") == 3


def test_what_has_finished_can_be_drawn_while_the_rest_is_missing(tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "a.yaml", [small(policy_class=["gmm", "ideal"], refreshes=2, num_seeds=4)])
    run_cell(path, tmp_path / "out", "corners_n1_ideal_seed1", SCRIPTS)
    picture = tmp_path / "a.png"
    command = ["plot.py", "--suite", str(tmp_path / "out"), "--quantity", "joint_hit", "--output", str(picture)]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(SCRIPTS / "plot.py"), run_name="__main__")
    assert capsys.readouterr().out.count("| ideal") == 1
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_results_is_named(tmp_path):
    with pytest.raises(ConfigError, match="holds no results"):
        read_results(tmp_path)


def test_results_of_other_settings_are_not_taken_for_these(tmp_path):
    run(write(tmp_path / "a.yaml", [small()]), tmp_path / "out", [])
    write(tmp_path / "a.yaml", [small(refreshes=2)])
    with pytest.raises(ConfigError, match=r"corners_n1_gmm_seed1\.json was made with other settings"):
        run(tmp_path / "a.yaml", tmp_path / "out", [])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gmae": "corners"}, "Unknown field 'gmae' .* did you mean game"),
        (
            {"game": "corner"},
            "game: corner .* must be a text 'two_modes' or 'corners' or .*'climb' or 'effort'",
        ),
        ({"policy_class": "gauss"}, "policy_class: gauss .* must be a text 'diffusion'"),
        ({"num_agents": 0}, "num_agents: 0 .* must be a whole number >= 1"),
        ({"settings": ["agent.algorithm.gama=1"]}, "algorithm.gamma"),
        ({"task": "MPE-Spread-v0"}, "Unknown field 'game' .* did you mean"),
    ],
)
def test_a_mistake_in_the_grid_names_itself(tmp_path, changes, expected):
    with pytest.raises(ConfigError, match=expected):
        read_cells(write(tmp_path / "a.yaml", [small(**changes)]))


def test_a_training_is_a_cell_too(tmp_path):
    (cell,) = read_cells(write(tmp_path / "a.yaml", [{"task": "MaMuJoCo-Humanoid-9|8-v0", "method": "MAPPO"}]))
    assert cell.study == TrainingStudy("MaMuJoCo-Humanoid-9|8-v0", "MAPPO", 1, 256)
    assert cell.name == "MaMuJoCo-Humanoid-9_8-v0_MAPPO_seed1"
    with pytest.raises(ConfigError, match=r"method: PPO .* must be a text 'diffusion' or .*'MAPPO'"):
        read_cells(write(tmp_path / "a.yaml", [{"task": "MPE-Spread-v0", "method": "PPO"}]))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"There is no suite '.*b\.yaml'"):
        read_cells(tmp_path / "b.yaml")


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("config/suite/*.yaml")), ids=lambda p: p.stem)
def test_the_grids_of_the_project_can_be_read(path):
    assert len(read_cells(path)) > 1


def say(name):
    """A cell that prints its threads, or fails if it is called so."""
    code = "import os, sys; print('threads', os.environ['OMP_NUM_THREADS']); sys.exit('bad' in sys.argv[1])"
    return [sys.executable, "-c", code, name]


def test_local_cells_run_in_processes_that_share_the_cores(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    jobs = max(1, os.cpu_count() // 2)
    ended = dict(launch_local(["a", "bad", "c"], say, tmp_path, jobs))
    assert ended.pop("bad").startswith("threads")  # its last words
    assert ended == {"a": "", "c": ""}
    assert (tmp_path / "a.log").read_text() == f"threads {os.cpu_count() // jobs}\n"


def test_who_leaves_a_local_launch_early_leaves_no_process_behind(tmp_path):
    def command(name):
        code = (
            f"import os, pathlib, time; pathlib.Path(r'{tmp_path}/pid').write_text(str(os.getpid())); time.sleep(600)"
        )
        return say(name) if name == "quick" else [sys.executable, "-c", code]

    launch = launch_local(["slow", "quick", "never"], command, tmp_path, 2)
    assert next(launch) == ("quick", "")
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
        time.sleep(0.05)
    launch.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def processes_with(word):
    """Return the command lines of all processes that hold a word."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
    return [line for line in lines if word in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_grid_that_is_told_to_stop_takes_its_cells_with_it(tmp_path, number):
    path = write(tmp_path / "a.yaml", [small(refreshes=100_000)])
    output = tmp_path / "out"
    command = [sys.executable, str(SCRIPTS / "suite.py"), str(path), f"--output={output}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while len(processes_with(f"--output={output} --cell")) < 1:
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(number)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 128 + number
    assert said.strip().endswith(f"Stopped by {number.name}.")
    assert processes_with(str(output)) == []


@pytest.fixture
def ray_cluster():
    start = ["start", "--head", "--block", "--num-cpus=2", "--include-dashboard=false", "--port=0"]
    command = [sys.executable, "-u", "-m", "ray.scripts.scripts", *start]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert any("Ray runtime started" in line for line in process.stdout)
        yield
        process.terminate()
    Path("/tmp/ray/ray_current_cluster").unlink(missing_ok=True)  # who reads it would wait for this cluster


@pytest.mark.usefixtures("ray_cluster")
def test_a_ray_cluster_runs_the_same_cells(tmp_path):
    ended = dict(launch_ray(["a", "bad", "c"], say, tmp_path, cpus=1.0, gpus=0.0))
    assert ended.pop("bad").startswith("threads")
    assert ended == {"a": "", "c": ""}


def test_without_a_cluster_the_error_says_how_to_start_one(tmp_path):
    with pytest.raises(ConfigError, match="ray start --head"):
        list(launch_ray(["a"], say, tmp_path, cpus=1.0, gpus=0.0))


def test_trainings_are_evaluated_tabled_and_written_for_marl_eval(tmp_path):
    grid = {"task": "Coordination-Corners-v0", "method": ["gaussian_forward_kl", "MAPPO"], "num_episodes": 8}
    small_run = ["agent.max_iterations=2", "agent.algorithm.compile=eager", "agent.algorithm.warmup_steps_per_env=1"]
    path, output = write(tmp_path / "a.yaml", [grid], small_run), tmp_path / "out"
    names = [cell.name for cell in read_cells(path)]

    def command(name):
        return [sys.executable, str(SCRIPTS / "suite.py"), str(path), f"--output={output}", f"--cell={name}"]

    table = run_suite(path, output, partial(launch_local, command=command, logs=output, jobs=2), print)
    assert table.count("| Coordination-Corners-v0 ") == 2
    for result in read_results(output, names):
        assert len(result["evaluation"]["return"]) == 8
        assert result["curves"]["return"]["env_steps"][-1] == 1024
    assert "critic_error_far" in read_results(output, names)[0]["evaluation"]
    seeds = json.loads((output / "marl_eval.json").read_text())["Coordination"]["Coordination-Corners-v0"]
    assert set(seeds) == {"gaussian_forward_kl", "MAPPO"}
    assert len(seeds["MAPPO"]["seed_1"]["absolute_metrics"]["return"]) == 8
    assert seeds["MAPPO"]["seed_1"]["step_0"].keys() == {"step_count", "return", "length", "success", "action_entropy"}


def test_an_interrupted_training_of_a_grid_goes_on_from_its_newest_checkpoint(tmp_path):
    settings = [*SMALL[2:], "agent.num_envs=8", "agent.max_iterations=80", "agent.save_interval=5"]
    path = write(tmp_path / "a.yaml", [{"task": GAME, "method": "gmm", "num_episodes": 8}], settings)
    (cell,) = read_cells(path)
    arguments = [str(path), f"--output={tmp_path}/out", f"--cell={cell.name}"]
    killed = start_script("suite", tmp_path, tmp_path / "killed.txt", *arguments)
    while not iterations_done(tmp_path / "killed.txt") or iterations_done(tmp_path / "killed.txt")[-1] < 20:
        assert killed.is_alive(), (tmp_path / "killed.txt").read_text()
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.join()
    while processes_with(f"{tmp_path}"):  # what it had started ends with it
        time.sleep(0.05)
    done = iterations_done(tmp_path / "killed.txt")[-1]
    resumed = start_script("suite", tmp_path, tmp_path / "resumed.txt", *arguments)
    resumed.join(120)
    printed = (tmp_path / "resumed.txt").read_text()
    assert resumed.exitcode == 0, printed
    assert "Resuming from" in printed
    assert iterations_done(tmp_path / "resumed.txt")[0] > done - 5
    assert iterations_done(tmp_path / "resumed.txt")[-1] == 80
    (result,) = read_results(tmp_path / "out", [cell.name])
    steps = result["curves"]["return"]["env_steps"]
    assert steps == sorted(set(steps))
    assert steps[0] <= 6 * 16
    assert steps[-1] == 80 * 16
    assert len(result["evaluation"]["return"]) == 8
    # whoever changes the study begins anew
    changed = TrainingStudy(GAME, "gmm", num_episodes=8)
    (tmp_path / "out" / cell.name / "mark").touch()
    changed.run(["agent.max_iterations=1", *settings[:-2]], tmp_path / "out" / cell.name, SCRIPTS)
    assert not (tmp_path / "out" / cell.name / "mark").exists()
