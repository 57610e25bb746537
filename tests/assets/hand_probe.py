# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Measures the Shadow Hand in Isaac Lab's own handover scene: one engine per process, results as JSON in a file.

Usage: ``python hand_probe.py ENGINE NUM_ENVS NUM_RANDOM_STEPS FILE``
"""

import json
import sys
import torch
from contextlib import contextmanager

from isaaclab.app import launch_simulation
from isaaclab.utils.math import quat_error_magnitude
from isaaclab_tasks.core.handover.handover_env import HandoverEnv
from isaaclab_tasks.core.handover.handover_env_cfg import _LEFT_POSE, _RIGHT_POSE, HandoverEnvCfg, _hand_cfg
from isaaclab_tasks.core.reorient.utils import sample_joint_positions_within_limits
from isaaclab_tasks.utils import resolve_presets

from ddpl_isaac.assets.shadow_hand import (
    CUPPED_JOINTS,
    CUPPED_TENDONS,
    GOAL_POSITION_OFFSET,
    JOINT_NAMES,
    PALM_CENTER,
    SHADOW_HAND_CFG,
    TENDON_NAMES,
)
from ddpl_isaac.runtime.pinned_arrays import allow_pinned_arrays_without_cuda

COMMANDS = [*JOINT_NAMES, *TENDON_NAMES]
TARGETS = dict.fromkeys(TENDON_NAMES, 2.0) | {
    "rh_WRJ2": -0.3, "rh_WRJ1": 0.3, "rh_THJ5": 0.6, "rh_THJ4": 0.7, "rh_THJ3": 0.12, "rh_THJ2": 0.4, "rh_THJ1": 0.9,
    "rh_FFJ4": -0.2, "rh_LFJ4": -0.2, "rh_MFJ4": 0.2, "rh_RFJ4": 0.2, "rh_LFJ5": 0.5,
    **{f"rh_{finger}J3": 0.9 for finger in ("FF", "LF", "MF", "RF")},
}  # fmt: skip
"""One command each [rad]; the outer fingers spread outwards."""

LOAD = 0.2
"""Torque against each joint of a pulled tendon [N·m]."""


class Probe:
    """Both hands of every environment, commanded joint by joint."""

    def __init__(self, env: HandoverEnv):
        self.env = env
        self.hands = (env.right_hand, env.left_hand)
        self.names = list(env.right_hand.joint_names)
        self.joints, _ = env.right_hand.find_joints(JOINT_NAMES, preserve_order=True)
        self.tendons, _ = env.right_hand.find_fixed_tendons(TENDON_NAMES, preserve_order=True)

    def command(self, targets: torch.Tensor) -> None:
        """Command joints and tendons; shape (2 hands, num_envs, 20)."""
        for hand, target in zip(self.hands, targets, strict=True):
            hand.set_joint_position_target_index(target=target[:, :16].contiguous(), joint_ids=self.joints)
            hand.set_fixed_tendon_position_target_index(
                target=target[:, 16:].contiguous(), fixed_tendon_ids=self.tendons
            )

    def step(self, num_steps: int) -> torch.Tensor:
        """Step the physics; joint angles of shape (num_steps, 2 hands, num_envs, 24)."""
        angles = []
        for _ in range(num_steps):
            self.env.scene.write_data_to_sim()
            self.env.sim.step(render=False)
            self.env.scene.update(self.env.physics_dt)
            angles.append(torch.stack([hand.data.joint_pos.torch.clone() for hand in self.hands]))
        return torch.stack(angles)

    def orientations(self) -> torch.Tensor:
        """Orientations of all links, shape (2 hands, num_envs, 25, 4)."""
        return torch.stack([hand.data.body_quat_w.torch.clone() for hand in self.hands])

    def place_ball(self, position: torch.Tensor) -> None:
        """Put the ball at rest at a position in the environment's frame, shape (num_envs, 3)."""
        pose = torch.zeros(self.env.num_envs, 7, device=position.device)
        pose[:, :3] = position + self.env.scene.env_origins
        pose[:, 6] = 1.0
        self.env.object.write_root_pose_to_sim_index(root_pose=pose)
        self.env.object.write_root_velocity_to_sim_index(root_velocity=torch.zeros_like(pose[:, :6]))

    def set_joints(self, noise: float) -> None:
        """Put the joints where a reset with this noise puts them."""
        for hand in self.hands:
            angles = sample_joint_positions_within_limits(
                hand.data.default_joint_pos.torch, hand.data.joint_limits.torch, noise
            )
            hand.write_joint_position_to_sim_index(position=angles)
            hand.write_joint_velocity_to_sim_index(velocity=torch.zeros_like(angles))


def finger(name: str) -> str:
    """``FF`` of ``rh_FFJ3``, ``rh_FFJ0`` and ``rh_ffdistal``."""
    return name[3:5].upper()


def respond_to_commands(probe: Probe) -> dict[str, dict]:
    """Every command in a place of its own: which joints and links answer, how far and how soon."""
    num_envs = probe.env.num_envs
    base = torch.zeros(2, num_envs, 20, device=probe.env.device)
    places = {name: divmod(index, 10) for index, name in enumerate(COMMANDS)}
    for name in ("rh_MFJ4", "rh_RFJ4"):  # between neighbours there is no room to spread: these bend away
        for other in {"FF", "LF", "MF", "RF"} - {finger(name)}:
            base[*places[name], JOINT_NAMES.index(f"rh_{other}J3")] = 1.2
    probe.set_joints(0.0)
    probe.place_ball(torch.tensor([0.0, -0.5, 5.0], device=probe.env.device).expand(num_envs, 3))
    probe.command(base)
    rest, links = probe.step(60)[-1], probe.orientations()
    for name, place in places.items():
        base[*place, COMMANDS.index(name)] = TARGETS[name]
    probe.command(base)
    moved = probe.step(120) - rest
    turns = quat_error_magnitude(probe.orientations().flatten(0, 2), links.flatten(0, 2)).view(links.shape[:3])
    bodies = probe.env.right_hand.body_names
    results = {}
    for name, place in places.items():
        pulled = [f"{name[:5]}J2", f"{name[:5]}J1"] if name in TENDON_NAMES else [name]
        answer = sum(moved[:, *place, probe.names.index(joint)] for joint in pulled)
        others = [i for i, joint in enumerate(probe.names) if finger(joint) != finger(name)]
        results[name] = {
            "target": TARGETS[name],
            "joints": {joint: moved[-1, *place, probe.names.index(joint)].item() for joint in pulled},
            "own": {
                joint: moved[-1, *place, i].item()
                for i, joint in enumerate(probe.names)
                if finger(joint) == finger(name)
            },
            "course": answer.tolist(),
            "others": moved[-1, *place, others].abs().max().item(),
            "turns": {body: turns[*place, i].item() for i, body in enumerate(bodies)},
        }
    return results


def pull_against_a_load(probe: Probe) -> dict[str, float]:
    """How far each tendon gives way when its joints are loaded [rad]."""
    targets = torch.zeros(2, probe.env.num_envs, 20, device=probe.env.device)
    targets[..., 16:] = 1.5
    loaded = [probe.names.index(f"rh_{finger(name)}J{joint}") for name in TENDON_NAMES for joint in (1, 2)]
    probe.command(targets)
    free = probe.step(90)[-1, 0, 0]
    effort = torch.full((probe.env.num_envs, len(loaded)), -LOAD, device=probe.env.device)
    probe.env.right_hand.set_joint_effort_target_index(target=effort, joint_ids=loaded)
    yielding = free - probe.step(90)[-1, 0, 0]
    probe.env.right_hand.set_joint_effort_target_index(target=0.0 * effort, joint_ids=loaded)
    return {
        name: sum(yielding[probe.names.index(f"rh_{finger(name)}J{joint}")].item() for joint in (1, 2))
        for name in TENDON_NAMES
    }


def hold_the_ball(probe: Probe, seconds: float = 3.0) -> dict:
    """Drop the ball into the cupped right hands, joints and ball as noisy as after a reset."""
    num_envs, device = probe.env.num_envs, probe.env.device
    cupped = torch.tensor(
        [
            *(CUPPED_JOINTS[name] for name in JOINT_NAMES),
            *(CUPPED_TENDONS[name] for name in TENDON_NAMES),
        ]
    )
    probe.set_joints(0.2)
    forward, side, up = PALM_CENTER
    spawn = torch.tensor([side, -forward, 0.5 + up]) + 0.01 * (2.0 * torch.rand(num_envs, 3) - 1.0)
    probe.place_ball(spawn.to(device))
    probe.command(cupped.to(device).expand(2, num_envs, 20))
    probe.step(round(seconds / probe.env.physics_dt))
    ball = probe.env.object.data.root_pos_w.torch - probe.env.scene.env_origins
    in_hand = torch.stack((-ball[:, 1], ball[:, 0], ball[:, 2] - 0.5), dim=1)
    kept = in_hand[:, 2] > 0.03
    return {
        "kept": kept.sum().item(),
        "of": num_envs,
        "mean": in_hand[kept].mean(0).tolist(),
        "deviation": in_hand[kept].std(0).tolist(),
        "speed": probe.env.object.data.root_lin_vel_w.torch[kept].norm(dim=1).max().item(),
    }


def act_at_random(env: HandoverEnv, num_steps: int) -> dict:
    """Step the task with random actions and look for numbers that are none."""
    env.reset()
    finite, ends, fastest = True, 0, 0.0
    for _ in range(num_steps):
        actions = {agent: 2.0 * torch.rand(env.num_envs, 20, device=env.device) - 1.0 for agent in env.possible_agents}
        obs, _, terminated, _, _ = env.step(actions)
        finite &= all(bool(torch.isfinite(value).all()) for value in (*obs.values(), env.state()))
        ends += int(terminated["right_hand"].sum())
        fastest = max(fastest, env.right_hand.data.joint_vel.torch.abs().max().item())
    return {"steps": num_steps, "envs": env.num_envs, "finite": finite, "drops": ends, "fastest": fastest}


@contextmanager
def handover_env(engine: str, num_envs: int):
    """Isaac Lab's own environment class with our hands and without its downloads."""
    allow_pinned_arrays_without_cuda()
    cfg = HandoverEnvCfg()
    cfg = resolve_presets(cfg, (engine,)) or cfg
    cfg.seed, cfg.scene.num_envs, cfg.scene.ground = 11, num_envs, None
    cfg.sim.device = "cuda:0" if torch.cuda.is_available() else "cpu"
    cfg.scene.right_robot = _hand_cfg(SHADOW_HAND_CFG, *_RIGHT_POSE)
    cfg.scene.left_robot = _hand_cfg(SHADOW_HAND_CFG, *_LEFT_POSE)
    cfg.scene.object.init_state.pos = (PALM_CENTER[1], -PALM_CENTER[0], 0.5 + PALM_CENTER[2])
    cfg.goal_position_offset = GOAL_POSITION_OFFSET
    with launch_simulation(cfg, {"device": cfg.sim.device, "headless": True}):
        env = HandoverEnv(cfg)
        try:
            yield env
        finally:
            env.close()


def main(engine: str, num_envs: str, num_random_steps: str, file: str) -> None:
    """Measure everything, then write it."""
    with handover_env(engine, int(num_envs)) as env, torch.inference_mode():
        env.reset()
        hand = env.right_hand
        root, default = hand.data.root_pose_w.torch.clone(), hand.data.default_root_pose.torch
        root[:, :3] -= env.scene.env_origins
        results = {
            "joint_names": hand.joint_names,
            "body_names": hand.body_names,
            "tendon_names": hand.fixed_tendon_names,
            "root_error": (root - default).abs().max().item(),
        }
        probe = Probe(env)
        results["commands"] = respond_to_commands(probe)
        results["yielding"] = pull_against_a_load(probe)
        results["ball"] = hold_the_ball(probe)
        results["random"] = act_at_random(env, int(num_random_steps))
        with open(file, "w", encoding="utf-8") as stream:
            json.dump(results, stream)


if __name__ == "__main__":
    main(*sys.argv[1:])
