# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

# ruff: noqa: ARG001, ARG005

"""What a task returns is taken where it can only mean one thing, and refused by what, whom and what is valid else."""

import logging
import numpy as np
import torch

import gymnasium as gym
import pytest
from bare_marl_env import BareMarlEnv, bare_cfg
from host_sync import forbid_host_sync

from ddpl_isaac.envs.isaac_lab import IsaacLabVecEnv
from ddpl_isaac.envs.isaac_lab.spaces import agent_names, spaces_of_cfg
from ddpl_isaac.envs.returned_values import ReturnedValueError
from ddpl_isaac.envs.vec_env import DEFAULT_LIMITS
from ddpl_isaac.errors import UserError

SIZES = {"a": 1, "b": 2}


def opened(answer=None, actions=SIZES, observations=SIZES, state=3, **kwargs):
    env = BareMarlEnv(bare_cfg(actions, observations, state, **kwargs))
    if answer is not None:
        env.answer = answer
    return IsaacLabVecEnv(env, "Bare")


def stepped(answer=None, steps=1, **kwargs):
    """Return what the last of some steps with actions of 1 returned."""
    env = opened(answer, **kwargs)
    for _ in range(steps):
        result = env.step(torch.ones(env.num_envs, env.num_actions))
    return result


def answering(what, make):
    """Replace the answer to one question."""
    return lambda asked, value: make(value) if asked == what else value


def rewards(make):
    return answering("rewards", make)


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([3.0, 5.0]),
        torch.tensor([[3.0], [5.0]]),
        torch.tensor([3, 5]),
        torch.tensor([3.0, 5.0], dtype=torch.float64),
        np.array([3.0, 5.0]),
        [3.0, 5.0],
        (3, 5),
    ],
    ids=["tensor", "column", "whole", "double", "array", "list", "tuple"],
)
def test_rewards_that_mean_one_number_per_environment_are_taken(value):
    _, reward, _, _ = stepped(rewards(lambda _: {"a": value, "b": torch.ones(2)}))
    assert reward.tolist() == [2.0, 3.0]
    assert reward.dtype == torch.float32


@pytest.mark.parametrize("number", [4.0, 4, np.float32(4), torch.tensor(4.0)])
def test_a_single_number_is_the_reward_of_all_environments(number):
    assert stepped(rewards(lambda value: {"a": number, "b": 2.0}))[1].tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda value: torch.ones(2, 2),
        lambda value: torch.ones(3),
        lambda value: torch.ones(1),
        lambda value: torch.ones(1, 2),
        lambda value: torch.ones(2, dtype=torch.complex64),
        lambda value: None,
        lambda value: "much",
        lambda value: ["much", "little"],
        lambda value: {"a": 1.0},
    ],
)
def test_rewards_that_mean_something_else_are_refused_by_their_agent(make):
    with pytest.raises(ReturnedValueError, match=r"_get_rewards of Bare returned .* for 'b'; .* of shape \(2,\)"):
        stepped(rewards(lambda value: value | {"b": make(value["b"])}))


QUESTIONS = ["observations", "rewards", "terminated", "truncated"]


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_missing_agent_is_named(what):
    with pytest.raises(ReturnedValueError, match=r"returned nothing for 'b'; .* exactly the agents 'a', 'b'"):
        stepped(answering(what, lambda value: {"a": value["a"]}))


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_key_that_is_no_agent_is_named(what):
    with pytest.raises(ReturnedValueError, match="returned a value for 'team', which is no agent"):
        stepped(answering(what, lambda value: value | {"team": value["a"]}))


@pytest.mark.parametrize("what", QUESTIONS)
@pytest.mark.parametrize("value", [None, [1.0, 2.0], torch.zeros(2)])
def test_what_is_no_dictionary_is_refused(what, value):
    with pytest.raises(ReturnedValueError, match="must return a dictionary"):
        stepped(answering(what, lambda _: value))


def test_an_agent_that_leaves_in_the_middle_of_an_episode_is_an_error_of_that_step():
    left = []

    def answer(what, value):
        return {"a": value["a"]} if left and what in QUESTIONS else value

    env = opened(answer)
    env.step(torch.ones(2, 3))
    left.append(True)
    with pytest.raises(ReturnedValueError, match="One that is inactive observes zeros"):
        env.step(torch.ones(2, 3))


@pytest.mark.parametrize("make", [lambda v: v.int(), lambda v: v.float(), lambda v: v[:, None], lambda v: v.numpy()])
def test_flags_of_other_kinds_are_true_where_they_are_not_zero(make):
    def answer(what, value):
        flags = torch.tensor([True, False])
        return {agent: make(flags) for agent in value} if what == "terminated" else value

    _, _, dones, extras = stepped(answer)
    assert dones.tolist() == [True, False]
    assert not extras["time_outs"].any()


def test_a_single_flag_is_that_of_all_environments():
    _, _, dones, _ = stepped(answering("terminated", lambda value: dict.fromkeys(value, False)))
    assert not dones.any()
    _, _, dones, _ = stepped(answering("truncated", lambda value: dict.fromkeys(value, True)))
    assert dones.all()


def test_something_else_than_two_dictionaries_of_flags_is_refused():
    env = BareMarlEnv(bare_cfg(SIZES, SIZES))
    env._get_dones = lambda: {"a": torch.zeros(2), "b": torch.zeros(2)}.keys()
    with pytest.raises(ReturnedValueError, match="must return two dictionaries"):
        IsaacLabVecEnv(env, "Bare").step(torch.ones(2, 3))


@pytest.mark.parametrize(
    "make", [lambda v: v.double(), lambda v: v.int(), lambda v: v.numpy(), lambda v: v.tolist(), lambda v: v.flatten(1)]
)
def test_observations_of_other_kinds_become_the_floats_of_the_space(make):
    sizes = {"a": 1, "b": gym.spaces.Box(-9.0, 9.0, (2, 2))}
    answer = answering("observations", lambda value: {agent: make(entry) for agent, entry in value.items()})
    obs, _, _, _ = stepped(answer, steps=2, observations=sizes)
    assert obs["b"].tolist() == [[2.0] * 4] * 2
    assert obs["b"].dtype == torch.float32


def test_a_flat_observation_of_size_one_is_taken():
    obs, _, _, _ = stepped(answering("observations", lambda value: value | {"a": value["a"][:, 0]}))
    assert obs["a"].tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("make", [lambda v: v[:, :1], lambda v: v[:1], lambda v: v.T, lambda v: 0.0, lambda v: None])
def test_observations_of_another_shape_are_refused_by_their_agent_at_the_reset(make):
    with pytest.raises(ReturnedValueError, match=r"_get_observations of Bare returned .* for 'b'; .*shape \(3, 2\)"):
        opened(answering("observations", lambda value: value | {"b": make(value["b"])}), num_envs=3)


@pytest.mark.parametrize("make", [lambda v: v[:, :1], lambda v: None, lambda v: {"a": v}])
def test_a_state_of_another_shape_is_refused(make):
    with pytest.raises(ReturnedValueError, match=r"_get_states of Bare returned .*; .* of shape \(2, 3\)"):
        opened(answering("states", make))


def test_the_checks_wait_for_no_device():
    env = opened()
    with forbid_host_sync():
        returned = env._returned
        returned.observations({"a": torch.ones(2, 1, dtype=torch.int), "b": torch.ones(2, 2)})
        returned.rewards({"a": torch.ones(2, 1), "b": torch.ones(2)})
        returned.dones([dict.fromkeys(SIZES, torch.zeros(2))] * 2)
        extras = {"metrics": {"x": torch.ones(2)}, "log": {"y": torch.ones(3)}}
        env._log.metrics(extras)
        env._log.log(extras)


# -- what is logged


def logged(values, caplog, what="log"):
    """Return what is logged of an answer that comes twice, and the warnings of that."""
    with caplog.at_level(logging.WARNING):
        extras = stepped(answering(what, lambda _: values), steps=2)[3]
    return extras.get(what, {}), [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("value", "mean"),
    [
        (1, 1.0),
        (True, 1.0),
        (0.25, 0.25),
        (np.float32(3), 3.0),
        (np.array([1.0, 2.0]), 1.5),
        ([1, 2], 1.5),
        (torch.tensor([[1, 2], [3, 6]]), 3.0),
        (torch.tensor([True, False]), 0.5),
    ],
)
def test_the_mean_of_whatever_holds_numbers_is_logged(value, mean, caplog):
    log, warnings = logged({"x": value}, caplog)
    assert float(log["x"]) == mean
    assert warnings == []


def test_nested_dictionaries_become_tags(caplog):
    log, _ = logged({"Episode": {"x": 1.0, "deep": {"y": 2.0}}, 3: 4.0}, caplog)
    assert log == {"Episode/x": 1.0, "Episode/deep/y": 2.0, "3": 4.0}


@pytest.mark.parametrize("value", ["reach", None, [], np.array([]), torch.zeros(0), 10**400, ["a"], object(), 1j])
def test_what_is_no_number_is_left_out_with_one_warning_that_names_it(value, caplog):
    log, warnings = logged({"phase": value, "x": 1.0}, caplog)
    assert log == {"x": 1.0}
    assert len(warnings) == 1
    assert "extras['log']['phase'] of Bare is left out" in warnings[0]


@pytest.mark.parametrize("what", ["log", "metrics"])
@pytest.mark.parametrize("value", ["text", 1.0, [1.0]])
def test_a_section_that_is_no_dictionary_is_left_out_with_one_warning(what, value, caplog):
    log, warnings = logged(value, caplog, what)
    assert log == {}
    assert len(warnings) == 1
    assert f"extras['{what}'] of Bare is left out" in warnings[0]


def test_a_log_of_an_agent_lies_below_its_name_and_cannot_be_mistaken_for_anothers():
    env = opened(actions={"arm/left": 1, "arm": 1}, observations={"arm/left": 1, "arm": 1})

    def answer(what, value):
        env.unwrapped.extras["arm/left"]["log"] = {"x": 1.0}
        env.unwrapped.extras["arm"] = {"log": {"left/x": 2.0}}
        return value

    env.unwrapped.answer = answer
    log = env.step(torch.ones(2, 2))[3]["log"]
    assert log == {"step": 1.0, "arm%2Fleft/x": 1.0, "arm/left/x": 2.0}


@pytest.mark.parametrize("extras", [None, [], {}])
def test_a_task_that_replaces_its_extras_trains_without_a_log(extras):
    env = opened()

    def answer(what, value):
        if what == "rewards":
            env.unwrapped.extras = extras
        return value

    env.unwrapped.answer = answer
    assert env.step(torch.ones(2, 3))[3]["log"] == {}


NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (torch.tensor([1.0, 0.0]), [1.0, 0.0]),
        (torch.tensor([[1.0], [0.0]]), [1.0, 0.0]),
        (torch.tensor([True, False]), [1.0, 0.0]),
        (np.array([1, 0]), [1.0, 0.0]),
        (0.5, [0.5, 0.5]),
        (torch.tensor(0.5), [0.5, 0.5]),
        (torch.tensor([float("inf"), 1.0]), [NAN, 1.0]),
        (torch.tensor([NAN, -float("inf")]), [NAN, NAN]),
    ],
)
def test_metrics_become_a_number_per_environment_and_nan_where_they_are_not_finite(value, expected, caplog):
    metrics, warnings = logged({"success": value}, caplog, "metrics")
    np.testing.assert_array_equal(metrics["success"].numpy(), expected)
    assert warnings == []


@pytest.mark.parametrize("value", ["yes", None, torch.ones(3), torch.ones(2, 2)])
def test_metrics_of_another_shape_are_left_out_with_one_warning_that_names_them(value, caplog):
    metrics, warnings = logged({"success": value, "touches": torch.ones(2)}, caplog, "metrics")
    assert list(metrics) == ["touches"]
    assert len(warnings) == 1
    assert "extras['metrics']['success'] of Bare is left out" in warnings[0]


# -- agents and spaces


def test_an_agent_called_state_is_not_taken_for_the_state():
    env = opened(actions={"state": 1, "b": 1}, observations={"state": 2, "b": 2}, state=2)
    env.unwrapped.answer = lambda what, value: value + 100.0 if what == "states" else value
    obs, _, _, _ = env.step(torch.ones(2, 2))
    assert [agent.name for agent in env.agents] == ["agent_state", "b"]
    assert obs["agent_state"].tolist() == [[1.0, 1.0]] * 2
    assert obs["state"].tolist() == [[101.0, 101.0]] * 2


def test_names_of_agents_are_texts_of_their_own():
    assert agent_names([1, "1", "state", "agent_state"]) == {
        1: "1",
        "1": "agent_1",
        "state": "agent_state",
        "agent_state": "agent_agent_state",
    }


def test_agents_that_are_numbers_train():
    obs, reward, _, _ = stepped(actions={0: 1, 1: 2}, observations={0: 1, 1: 2})
    assert set(obs.keys()) == {"0", "1", "state"}
    assert reward.tolist() == [-1.0, -1.0]


@pytest.mark.parametrize(
    ("spaces", "expected"),
    [
        ({"actions": {"a": {3}, "b": 1}}, "The space of the action of 'a' is Discrete(3); DDPL needs a Box"),
        ({"actions": {"a": [{2}, {3}], "b": 1}}, "is MultiDiscrete([2 3]); DDPL needs a Box"),
        ({"actions": {"a": "two", "b": 1}}, "The space of the action of 'a' is two; DDPL needs a Box"),
        ({"actions": {"a": -1, "b": 1}}, "The space of the action of 'a' is -1; DDPL needs a Box"),
        ({"actions": {"a": gym.spaces.Box(-1, 1, (2, 2)), "b": 1}}, "The action of 'a' has shape (2, 2)"),
        ({"actions": {"a": 0, "b": 1}}, "The action of 'a' is empty, of shape (0,)"),
        ({"observations": {"a": 0, "b": 1}}, "The observation of 'a' is empty"),
        ({"observations": {"a": {"p": 2}, "b": 2}}, "The space of the observation of 'a' is Dict("),
        ({"observations": {"a": 2}}, "The observation of 'b' has no space"),
        ({"observations": 4}, "The observation of 'a' has no space"),
        ({"state": {3}}, "The space of the state is Discrete(3)"),
        ({"agents": ["a", "a"]}, "possible_agents of the task names 'a' twice"),
        ({"agents": []}, "possible_agents of the task names nobody"),
        ({"agents": "ab"}, "possible_agents of the task is 'ab'; it must be a list of names"),
        ({"agents": [["a"]]}, "possible_agents of the task is [['a']]; it must be a list of names"),
    ],
)
def test_spaces_that_cannot_be_used_are_refused_by_what_the_configuration_declares(spaces, expected):
    given = {"actions": SIZES, "observations": SIZES, "state": 0, "agents": ["a", "b"]} | spaces
    with pytest.raises(UserError) as caught:
        spaces_of_cfg(bare_cfg(given["actions"], given["observations"], given["state"], agents=given["agents"]))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_declared_spaces_are_those_of_the_environment():
    sizes = {"a": gym.spaces.Box(-2.0, 3.0, (1,)), "b": 2}
    for state in (0, -1, 5, gym.spaces.Box(0.0, 1.0, (2, 2))):
        env = opened(actions=sizes, observations={"a": 4, "b": [3, 2]}, state=state)
        declared = spaces_of_cfg(env.cfg)
        assert declared is not None
        assert (declared.agents(DEFAULT_LIMITS), declared.state_dim) == (env.agents, env.state_dim)


def test_spaces_that_are_left_to_the_environment_are_checked_there():
    cfg = bare_cfg(SIZES, SIZES)
    cfg.observation_spaces = type(cfg)().observation_spaces
    assert spaces_of_cfg(cfg) is None
