# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The Shadow Hand in motion, on PhysX and on Newton: every command, the ball in the cupped hand, random actions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ddpl_isaac.assets.shadow_hand import BALL_REST

REFERENCE = json.loads((Path(__file__).parent / "shadow_hand_reference.json").read_text(encoding="utf-8"))
MOTORS, TENDONS = REFERENCE["motors"], REFERENCE["tendons"]


def finger(name: str) -> str:
    """``FF`` of ``rh_FFJ3``, ``rh_FFJ0`` and ``rh_ffdistal``."""
    return name[3:5].upper()


LINK_OF = {name: joint["link"] for name, joint in REFERENCE["joints"].items()} | {
    name: f"rh_{finger(name).lower()}distal" for name in TENDONS
}
"""The link that a command turns."""

ERROR = 0.015
"""Allowed beyond the angle that the joint's dry friction may hold against the motor [rad]."""

RISE_TIME = 0.35
"""Time to stay within 10 % of the command and the error that friction allows [s]; the thumb's root is the slowest."""

RUNS = {"ovphysx": (64, 120), "newton_mjwarp": (10, 20)}
"""Environments and random steps. Newton on a CPU is ten times slower, and its kernels compile for minutes at first."""


def measure(engine: str, num_envs: int, num_random_steps: int, file: Path) -> dict:
    """Run the probe in a process of its own."""
    command = [
        sys.executable,
        str(Path(__file__).parent / "hand_probe.py"),
        engine,
        str(num_envs),
        str(num_random_steps),
    ]
    run = subprocess.run([*command, str(file)], capture_output=True, text=True, timeout=3600, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=RUNS)
def measured(request, tmp_path_factory):
    return measure(request.param, *RUNS[request.param], tmp_path_factory.mktemp("hand") / "measured.json")


def friction_error(name: str) -> float:
    """Angle at which the motor pulls no harder than the joint's dry friction holds [rad]."""
    return 0.01 / MOTORS[name]["kp"]


def test_all_joints_links_and_tendons_are_there(measured):
    assert sorted(measured["joint_names"]) == sorted(REFERENCE["joints"])
    assert sorted(measured["body_names"]) == sorted(REFERENCE["links"])
    assert sorted(measured["tendon_names"]) == sorted(TENDONS)


def test_the_forearm_carries_the_root_frame(measured):
    assert measured["root_error"] < 1e-5


@pytest.mark.parametrize("name", MOTORS)
def test_command_turns_the_link_of_its_name(measured, name):
    command = measured["commands"][name]
    assert command["course"][-1] == pytest.approx(command["target"], abs=ERROR + friction_error(name))
    assert command["turns"][LINK_OF[name]] == pytest.approx(abs(command["target"]), abs=ERROR + friction_error(name))


@pytest.mark.parametrize("name", MOTORS)
def test_command_is_followed_in_time_and_without_ringing(measured, name):
    command = measured["commands"][name]
    target, tolerance = command["target"], 0.1 * abs(command["target"]) + friction_error(name)
    late = [step for step, angle in enumerate(command["course"], start=1) if abs(angle - target) > tolerance]
    assert max(late, default=0) / 120 <= RISE_TIME
    assert max(map(abs, command["course"])) <= 1.1 * abs(target)


@pytest.mark.parametrize("name", MOTORS)
def test_command_moves_no_other_finger(measured, name):
    command = measured["commands"][name]
    assert command["others"] < 0.03
    if finger(name) != "WR":
        unmoved = {body: turn for body, turn in command["turns"].items() if finger(body) != finger(name)}
        assert max(unmoved.values()) < 0.03, unmoved


@pytest.mark.parametrize("name", MOTORS)
def test_command_moves_no_other_joint_of_its_finger(measured, name):
    command = measured["commands"][name]
    others = {joint: angle for joint, angle in command["own"].items() if joint not in command["joints"]}
    assert max(map(abs, others.values()), default=0.0) < 0.04, others


@pytest.mark.parametrize("name", TENDONS)
def test_tendon_is_shared_by_two_joints(measured, name):
    middle, distal = measured["commands"][name]["joints"].values()
    assert middle == pytest.approx(distal, abs=0.08)


@pytest.mark.parametrize("name", TENDONS)
def test_tendon_gives_way_to_a_load_as_the_reference_does(measured, name):
    expected = 0.2 / MOTORS[name]["kp"]  # the probe loads each joint with 0.2 N·m
    assert measured["yielding"][name] == pytest.approx(expected, abs=0.05)


def test_cupped_hand_keeps_the_ball(measured):
    ball = measured["ball"]
    assert ball["kept"] >= 0.95 * ball["of"], ball
    assert ball["mean"] == pytest.approx(BALL_REST, abs=0.008), "the ball lies elsewhere than on the palm"


def test_random_actions_stay_finite(measured):
    assert measured["random"]["finite"]
    assert measured["random"]["fastest"] < 200.0


@pytest.mark.slow
@pytest.mark.parametrize("engine", RUNS)
def test_two_thousand_random_steps_stay_finite(engine, tmp_path):
    random = measure(engine, 64, 2000, tmp_path / "long.json")["random"]
    assert random["steps"] * random["envs"] == 128_000
    assert random["finite"]
