# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What every environment behind the protocol must do. Run as a script, it checks a task of Isaac Lab.

Usage: ``python vec_env_contract.py --task TASK [arguments of the scripts]``: one simulation per process.
"""

import torch
from pathlib import Path

from ddpl_isaac.cli import Parser


def check_contract(env, max_steps):
    """Play at random until every environment finished an episode, at most ``max_steps`` steps."""
    check_description(env)
    finished = torch.zeros(env.num_envs, dtype=torch.bool, device=env.device)
    check_obs(env, env.reset())
    for step in range(max_steps):
        with torch.inference_mode(step % 2 == 0):  # the caller's mode does not matter
            finished |= check_step(env)
        if finished.all():
            break
    assert finished.all(), f"no end of an episode within {max_steps} steps"
    check_obs(env, env.reset())
    assert not env.episode_length_buf.any()


def check_description(env):
    assert env.num_envs > 0
    assert env.task
    assert int(env.max_episode_length) >= 1
    columns = [column for agent in env.agents for column in range(agent.action_slice.start, agent.action_slice.stop)]
    assert columns == list(range(env.num_actions))
    assert all(len(agent.low) == len(agent.high) == agent.action_dim > 0 for agent in env.agents)
    low, high = env.action_bounds()
    assert torch.isfinite(low).all()
    assert torch.isfinite(high).all()
    assert (low < high).all()


def check_obs(env, obs):
    sizes = {agent.name: agent.obs_dim for agent in env.agents}
    if env.state_dim:
        sizes["state"] = env.state_dim
    assert {name: tuple(entry.shape) for name, entry in obs.items()} == {n: (env.num_envs, s) for n, s in sizes.items()}
    assert all(entry.dtype == torch.float32 and torch.isfinite(entry).all() for entry in obs.values())


def check_step(env):
    low, high = env.action_bounds()
    obs, reward, dones, extras = env.step(low + (high - low) * torch.rand(env.num_envs, env.num_actions))
    check_obs(env, obs)
    assert (obs == env.get_observations()).all()
    kept = obs.clone()
    obs.zero_()  # what was returned belongs to the caller
    assert (kept == env.get_observations()).all()
    assert reward.shape == dones.shape == extras["time_outs"].shape == (env.num_envs,)
    assert torch.isfinite(reward).all()
    assert extras["time_outs"].dtype == torch.bool
    ended = dones > 0
    assert not (extras["time_outs"] & ~ended).any()
    assert not env.episode_length_buf[ended].any()
    if ended.any():
        check_obs(env, extras["final_obs"])
    for value in extras.get("metrics", {}).values():
        assert value.shape == (env.num_envs,)
    return ended


def main():
    command = Parser("Check the contract.").parse()
    plan = command.source.plan(command.args, command.env)
    how = {"num_envs": command.args.num_envs, "seed": 1, "log_dir": Path(), "video_folder": "none"}
    with plan.source.open(plan, **how) as env:
        check_contract(env, int(env.max_episode_length) + 1)
        nan = torch.full((env.num_envs, env.num_actions), float("nan"))
        check_obs(env, env.step(nan)[0])  # must not reach the physics
    print("contract kept")


if __name__ == "__main__":
    main()
