# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""SMAX: what JaxMARL computes, with true last observations, limits told from defeats, and targets that live."""

import numpy as np
import subprocess
import sys
import torch

import jax
import pytest
from jaxmarl import make
from jaxmarl.environments.smax.smax_env import MAP_NAME_TO_SCENARIO

from ddpl_isaac.envs.registry import find_family
from ddpl_isaac.envs.smax import DECODES, MAPS, SmaxEnv, import_jax
from ddpl_isaac.envs.smax_battle import Battles, battles_of
from ddpl_isaac.errors import ConfigError

NUM_ENVS = 64
RANGE = 4.5
NEVER_AGAIN, MOVE = 1.0, 1.0


@pytest.fixture(scope="module")
def env():
    return SmaxEnv("SMAX-3m-v0", NUM_ENVS, "cpu", 1)


def still(env):
    """Move by nothing: nobody fights."""
    return torch.tensor([NEVER_AGAIN, MOVE, 0.0, 0.0]).repeat(env.num_envs, len(env.agents))


def approach_and_shoot(env):
    """Walk towards the nearest living enemy and shoot at it within range."""
    units = env._running.state
    place, alive = torch.from_dlpack(units.unit_positions), torch.from_dlpack(units.unit_alive)
    allies = len(env.agents)
    way = place[:, None, allies:] - place[:, :allies, None]
    distance = torch.where(alive[:, None, allies:], way.norm(dim=-1), torch.inf)
    nearest = distance.argmin(-1)
    way = way.gather(2, nearest[..., None, None].expand(-1, -1, 1, 2))[:, :, 0]
    angle = torch.atan2(way[..., 1], way[..., 0]) / (2 * torch.pi) % 1.0
    moves = (distance.amin(-1) > RANGE).float()
    return torch.stack((torch.ones_like(angle), moves, moves, angle), dim=-1).flatten(1)


def wins(env, battles):
    """Return the share of the first battles that the scripted team wins."""
    env.reset()
    won = ended = 0
    while ended < battles:
        _, _, done, extras = env.step(approach_and_shoot(env))
        ended += int(done.sum())
        won += int(extras["metrics"]["success"][done].sum())
    return won / ended


def test_there_is_a_task_for_every_map():
    assert set(MAPS) == set(MAP_NAME_TO_SCENARIO)


@pytest.mark.parametrize("decode", DECODES)
def test_a_step_is_jaxmarls_while_all_live(decode):
    """The same keys and actions in the environment as JaxMARL makes it, one battle after the other."""
    battles = battles_of("3m", decode)
    reference = make("HeuristicEnemySMAX", scenario=MAP_NAME_TO_SCENARIO["3m"], action_type="continuous")
    key = jax.random.key(3)
    running, _, _ = battles.begin(key, 2)
    singles = [reference.reset(one)[1] for one in jax.random.split(key, 2)]
    generator = np.random.default_rng(0)
    for step in range(12):
        actions = generator.uniform(size=(2, 3, 4)).astype(np.float32)
        if decode == "alive_masked":
            actions[..., 0] = NEVER_AGAIN  # here alone the two differ before anybody dies
        keys = jax.random.split(jax.random.split(key, 3)[1], 2)
        key, running, turn = battles.advance(key, running, np.full(2, step, dtype=np.int32), actions)
        assert not turn.done.any()
        for row in range(2):
            by_name = {name: actions[row, column] for column, name in enumerate(reference.agents)}
            obs, singles[row], reward, _, _ = reference.step_env(keys[row], singles[row], by_name)
            np.testing.assert_allclose(turn.reward[row], reward["ally_0"], atol=1e-6)
            np.testing.assert_allclose(turn.final_state[row], obs["world_state"], atol=1e-5)
            for column, name in enumerate(reference.agents):
                np.testing.assert_allclose(turn.obs[row, column], obs[name], atol=1e-5)


def test_a_team_that_shoots_at_who_is_nearest_wins_once_it_aims_at_the_living(env):
    """JaxMARL's decoding spends half of its shots on the dead: 2 % of the battles are won by it, 51 % by the other."""
    assert wins(SmaxEnv("SMAX-3m-v0", NUM_ENVS, "cpu", 1, decode="released"), 256) < 0.15
    assert wins(env, 256) > 0.35


def test_the_limit_cuts_and_defeat_ends(env):
    env.reset()
    env.episode_length_buf = torch.arange(NUM_ENVS) + 101 - NUM_ENVS
    _, _, done, extras = env.step(still(env))
    assert done.nonzero().flatten().tolist() == [NUM_ENVS - 1]
    assert extras["time_outs"].equal(done)
    assert not extras["metrics"]["success"].any()
    assert env.episode_length_buf.tolist() == [*range(102 - NUM_ENVS, 101), 0]
    env.reset()
    ends = torch.zeros(NUM_ENVS, dtype=torch.bool)
    for _ in range(60):  # the enemies come and kill who does nothing
        _, _, done, extras = env.step(still(env))
        assert not extras["time_outs"].any()
        ends |= done
    assert ends.all()


def test_the_last_observation_is_that_of_the_battle_that_ended(env):
    env.reset()
    seen = 0
    while seen < NUM_ENVS:
        obs, _, done, extras = env.step(still(env))
        final = extras["final_obs"]
        going = ~done
        assert all(final[name][going].equal(entry[going]) for name, entry in obs.items())
        for agent in env.agents:  # defeat: the dead see nothing, those who begin see all
            assert not final[agent.name][done].any()
            assert obs[agent.name][done].any(-1).all()
        seen += int(done.sum())


def test_a_batch_is_compiled_once():
    env = SmaxEnv("SMAX-3m-v0", 5, "cpu", 1)
    env.step(torch.rand(5, env.num_actions))
    programs = env._battles.advance._cache_size(), env._battles.begin._cache_size()
    env.reset()
    env.step(torch.rand(5, env.num_actions, dtype=torch.float64))
    env.episode_length_buf = torch.arange(5)
    with torch.inference_mode():
        env.step(torch.rand(5, env.num_actions))
    env.step(torch.rand(5, env.num_actions))
    assert (env._battles.advance._cache_size(), env._battles.begin._cache_size()) == programs


@pytest.mark.parametrize("name", MAPS)
def test_what_a_step_of_any_map_leaves_is_like_what_it_took(name):
    """Traced, not compiled. Weak types are told apart, as JAX compiles anew for them."""
    battles = Battles(name, "alive_masked")
    allies, rules = len(battles.names), battles.env
    running, _, _ = jax.eval_shape(lambda key: battles.begin(key, 2), jax.random.key(0))
    length, actions = (jax.ShapeDtypeStruct(*kind) for kind in (((2,), np.int32), ((2, allies, 4), np.float32)))
    _, after, turn = jax.eval_shape(battles.advance, jax.random.key(0), running, length, actions)
    kinds = [[(leaf.shape, leaf.dtype, leaf.weak_type) for leaf in jax.tree.leaves(tree)] for tree in (running, after)]
    assert kinds[0] == kinds[1]
    assert turn.final_obs.shape == (2, allies, rules.obs_size)
    assert turn.final_state.shape == (2, rules.state_size)


@pytest.mark.parametrize(("again", "angle"), [(1.0, 0.0), (0.0, 0.5)], ids=["aimed at", "shot at before"])
@pytest.mark.parametrize(("decode", "health"), [("alive_masked", 36.0), ("released", 45.0)])
def test_a_shot_meant_for_the_dead_goes_to_the_living_unless_as_released(decode, health, again, angle):
    # ally 0 has a corpse beside it, which it aims at or shot at last, and a marine behind that in range
    env = SmaxEnv("SMAX-3m-v0", NUM_ENVS, "cpu", 1, decode=decode)
    units = {
        "unit_positions": [[8.0, 16.0], [1.0, 1.0], [1.0, 31.0], [9.0, 16.0], [11.0, 16.0], [31.0, 31.0]],
        "unit_alive": [True, True, True, False, True, True],
        "unit_health": [45.0, 45.0, 45.0, 0.0, 45.0, 45.0],
        "prev_attack_actions": [5, 0, 0, 0, 0, 0],  # enemies count from 5 on
    }
    before = env._running.state
    for name, row in units.items():
        like = getattr(before, name)
        units[name] = jax.device_put(np.broadcast_to(np.asarray(row, like.dtype), like.shape), like.sharding)
    env._running = env._running.replace(state=before.replace(**units))
    action = still(env)
    action[:, :4] = torch.tensor([again, 0.0, 1.0, angle])
    env.step(action)
    assert (np.asarray(env._running.state.unit_health)[:, 4] == health).all()


def test_battles_go_on_elsewhere_from_the_state(env):
    env.reset()
    env.step(torch.rand(NUM_ENVS, env.num_actions))
    state = env.state_dict()
    kept = {name: value.clone() for name, value in state.items()}
    other = SmaxEnv("SMAX-3m-v0", NUM_ENVS, "cpu", 99)
    other.load_state_dict(state)
    assert (env.get_observations() == other.get_observations()).all()
    for _ in range(40):
        action = torch.rand(NUM_ENVS, env.num_actions)
        ours, theirs = env.step(action), other.step(action)
        assert (ours[0] == theirs[0]).all()
        assert all(mine.equal(yours) for mine, yours in zip(ours[1:3], theirs[1:3], strict=True))
        assert env.episode_length_buf.equal(other.episode_length_buf)
    assert all(value.equal(kept[name]) for name, value in state.items())


def test_the_import_of_jaxmarl_prints_nothing_and_leaves_the_streams_alone():
    code = """
import contextlib, io, sys
from ddpl_isaac.envs.smax import SmaxEnv
with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
    SmaxEnv("SMAX-3m-v0", 64)
    assert (sys.stdout, sys.stderr) == (out, err)
assert sys.__stdout__ is sys.stdout
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_seeds_repeat_battles_and_tell_them_apart():
    first, again, other = (
        SmaxEnv("SMAX-3m-v0", NUM_ENVS, "cpu", seed).get_observations()["state"] for seed in (1, 1, 2)
    )
    assert first.equal(again)
    assert not first.equal(other)


def test_actions_out_of_bounds_are_clipped(env):
    action = still(env)
    far = torch.where(action > 0, 7.0, -7.0)
    key, running = env._key, env._running
    clipped = env.step(action)[0]
    env._key, env._running = key, running
    assert env.step(far)[0]["state"].equal(clipped["state"])


def test_a_picture_shows_both_sides(env):
    env.reset()
    picture = env.picture()
    assert picture.shape == (400, 400, 3)
    left, right = picture[:, :200].reshape(-1, 3), picture[:, 200:].reshape(-1, 3)
    blue, red = np.array([0x5B, 0x6E, 0xE1]), np.array([0xD9, 0x57, 0x63])
    assert (left == blue).all(1).any()
    assert (right == red).all(1).any()
    assert not (left == red).all(1).any()


def test_a_device_that_jax_lacks_is_refused():
    with pytest.raises(ConfigError, match=r"JAX has no such device here, only cpu\. Install"):
        import_jax("cuda:0")


@pytest.mark.parametrize(("task", "hint"), [("SMAX-3n-v0", "SMAX-3m-v0"), ("SMAX-2s3-v0", "SMAX-2s3z-v0")])
def test_an_unknown_map_is_refused_with_the_nearest(task, hint):
    with pytest.raises(ConfigError, match=hint):
        find_family(task).require(task)


def test_an_unknown_decoding_is_refused():
    with pytest.raises(ConfigError, match=r"env\.decode is 'all'; choose of alive_masked, released"):
        find_family("SMAX-3m-v0").check("SMAX-3m-v0", {"decode": "all"})
