# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The registered tasks, as far as that needs no simulator."""

import importlib
import subprocess
import sys
from typing import Any

import gymnasium as gym
import pytest

from isaaclab.utils import class_to_dict
from isaaclab_tasks.utils.hydra import resolve_task_config
from isaaclab_tasks.utils.parse_cfg import load_cfg_from_registry

from ddpl_isaac.config.loader import load_config, resolve_resource
from ddpl_isaac.names import experiment_of

importlib.import_module("ddpl_isaac.tasks")  # registers them

STOCK = {"DDPL-Shadow-Hands": "Isaac-Shadow-Handover-Direct", "DDPL-Cart-Pendulum": "Isaac-Pendulum-MARL-Direct"}
CATCHES = [f"DDPL-Shadow-Hands-Catch{how}" for how in ("", "Underarm", "Abreast")]
TASKS = [*STOCK, *CATCHES, "DDPL-Shadow-Hands-Lift", "DDPL-Arms-Tray"]
ENGINES = {
    "ovphysx": "OvPhysxCfg",
    "isaacsim_physx": "PhysxCfg",
    "physx": "PhysxAutoCfg",
    "newton_mjwarp": "NewtonCfg",
}
SHARED_FIGURES = {
    "DDPL-Shadow-Hands": [
        "actuated_joint_names",
        "actuated_tendon_names",
        "actuated_tendon_position_limits",
        "fingertip_body_names",
        "reset_position_noise",
        "reset_dof_pos_noise",
        "reset_dof_vel_noise",
        "fall_dist",
        "vel_obs_scale",
        "act_moving_average",
        "success_distance_threshold",
        "success_steps_required",
        "dist_reward_scale",
    ],
    "DDPL-Cart-Pendulum": [
        "cart_dof_name",
        "pole_dof_name",
        "pendulum_dof_name",
        "max_cart_pos",
        "initial_pole_angle_range",
        "initial_pendulum_angle_range",
        "success_upright_angle",
        "success_duration_s",
        "cart_action_scale",
        "pendulum_action_scale",
        "rew_scale_alive",
        "rew_scale_terminated",
        "rew_scale_cart_vel",
        "rew_scale_pole_pos",
        "rew_scale_pole_vel",
        "rew_scale_pendulum_pos",
        "rew_scale_pendulum_vel",
        "rew_scale_upright",
        "rew_scale_action",
    ],
}
DECISION_PROCESS = [
    "decimation",
    "episode_length_s",
    "possible_agents",
    "action_spaces",
    "observation_spaces",
    "state_space",
    "sim.dt",
    "sim.render_interval",
    "sim.gravity",
]


def resolve(task: str, *overrides: str) -> Any:
    """Return the settings of a task as a command line with ``overrides`` gets them."""
    return resolve_task_config(task, None, overrides=list(overrides))[0]


def get(cfg: Any, path: str) -> Any:
    """Follow a dotted path; sequences compare as lists."""
    for name in path.split("."):
        cfg = getattr(cfg, name)
    return list(cfg) if isinstance(cfg, (list, tuple)) else cfg


def experiment(task: str) -> str:
    """Return the directory of DDPL's runs of a task."""
    name = load_config(resolve_resource(gym.spec(task).kwargs["ddpl_cfg_entry_point"])).experiment_name
    return experiment_of(task) if name == "default" else name


@pytest.mark.parametrize("task", TASKS)
def test_every_learner_finds_its_settings(task: str):
    kwargs = gym.spec(task).kwargs
    assert kwargs["ddpl_cfg_entry_point"].startswith("ddpl_isaac.configs:task/")
    directory = f"ddpl_{experiment(task).removeprefix('ddpl_')}"
    assert load_cfg_from_registry(task, "rsl_rl_cfg_entry_point").experiment_name == directory
    for algorithm in ("mappo", "ippo"):
        cfg = load_cfg_from_registry(task, f"skrl_{algorithm}_cfg_entry_point")
        assert cfg["agent"]["class"] == algorithm.upper()
        assert cfg["agent"]["experiment"]["directory"] == directory
    assert load_cfg_from_registry(task, "skrl_cfg_entry_point")["agent"]["class"] == "MAPPO"


@pytest.mark.parametrize("task", STOCK)
def test_figures_of_the_decision_process_are_those_of_the_stock_task(task: str):
    ours, stock = resolve(task, "physics=ovphysx"), resolve(STOCK[task], "physics=ovphysx")
    for path in (*DECISION_PROCESS, *SHARED_FIGURES[task]):
        assert get(ours, path) == get(stock, path), path


def test_no_two_tasks_share_a_directory_of_runs():
    assert len({experiment(task) for task in TASKS}) == len(TASKS)


def test_catching_differs_from_the_handover_by_its_goal_alone():
    catch, handover = resolve("DDPL-Shadow-Hands-Catch"), resolve("DDPL-Shadow-Hands")
    assert (catch.goal_moves, handover.goal_moves) == (False, True)
    handover.goal_moves = False
    assert class_to_dict(catch) == class_to_dict(handover)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("engine", ENGINES)
def test_engines_are_presets(task: str, engine: str):
    assert type(resolve(task, f"physics={engine}").sim.physics).__name__ == ENGINES[engine]


@pytest.mark.parametrize("task", TASKS)
def test_default_engine_is_physx_without_isaac_sim(task: str):
    assert type(resolve(task).sim.physics).__name__ == "PhysxAutoCfg"
    assert type(resolve(task).sim.physics.ovphysx).__name__ == "OvPhysxCfg"


@pytest.mark.parametrize(("engine", "variant"), [("ovphysx", "physx"), ("newton_mjwarp", "mujoco")])
def test_nucleus_selects_the_asset_of_nvidia_and_its_geometry(engine: str, variant: str):
    ours, theirs = (
        resolve("DDPL-Shadow-Hands", f"physics={engine}"),
        resolve("DDPL-Shadow-Hands", f"physics={engine}", "presets=nucleus"),
    )
    stock = resolve("Isaac-Shadow-Handover-Direct", f"physics={engine}")
    for agent, name in (("right_hand", "right_robot"), ("left_hand", "left_robot")):
        hand, stock_hand = getattr(theirs.scene, agent), getattr(stock.scene, name)
        assert hand.spawn.usd_path == stock_hand.spawn.usd_path
        assert hand.spawn.variants["Physics"] == variant
        assert hand.init_state.pos == stock_hand.init_state.pos
        assert hand.init_state.rot == pytest.approx(stock_hand.init_state.rot)
        assert getattr(ours.scene, agent).spawn.usd_path.endswith("shadow_hand.usda")
    assert theirs.scene.object.init_state.pos == pytest.approx(stock.scene.object.init_state.pos, abs=1e-9)
    assert theirs.goal_position_offset == stock.goal_position_offset
    assert ours.goal_position_offset != theirs.goal_position_offset


def test_our_hand_has_the_names_that_the_task_looks_for():
    from ddpl_isaac.assets import shadow_hand

    cfg = resolve("DDPL-Shadow-Hands")
    assert set(cfg.actuated_joint_names) == set(shadow_hand.JOINT_NAMES)
    assert set(cfg.actuated_tendon_names) == set(shadow_hand.TENDON_NAMES)
    assert set(cfg.fingertip_body_names) == set(shadow_hand.FINGERTIP_NAMES)
    assert tuple(cfg.actuated_tendon_position_limits) == pytest.approx(tuple(shadow_hand.TENDON_POSITION_LIMITS))


def test_building_any_settings_imports_no_simulator():
    code = f"""
TASKS = {TASKS}
import sys
import ddpl_isaac.tasks
from isaaclab_tasks.utils.hydra import resolve_task_config

for task in TASKS:
    for agent in ("rsl_rl", "skrl_mappo", "skrl_ippo"):
        resolve_task_config(task, agent + "_cfg_entry_point", overrides=[])
resolve_task_config("DDPL-Shadow-Hands", None, overrides=["presets=nucleus"])
print([name for name in ("omni", "pxr", "isaacsim", "carb", "ovphysx") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.splitlines()[-1] == "[]"
