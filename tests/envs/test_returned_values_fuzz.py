# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Whatever a task declares and returns, it trains or ends in one line of ours."""

import contextlib
import io
import math
import numpy as np
import torch
import warnings
from dataclasses import asdict

from bare_marl_env import BareMarlEnv, bare_cfg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.isaac_lab import IsaacLabVecEnv
from ddpl_isaac.envs.isaac_lab.spaces import spaces_of_cfg
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner

SMALL = [
    "agent.num_envs=3",
    "agent.num_steps_per_env=2",
    "agent.algorithm.warmup_steps_per_env=2",
    "agent.algorithm.replay.capacity=200",
    "agent.algorithm.replay.batch_size=4",
    "agent.algorithm.actor_batch_size=2",
    "agent.algorithm.critic_updates_per_1000=167",
    "agent.algorithm.actor_updates_per_1000=167",
    "agent.algorithm.actor.hidden_dims=[4]",
    "agent.algorithm.critic.hidden_dims=[4]",
    "agent.algorithm.issm.num_candidates=8",
    "agent.algorithm.sampler.num_steps=2",
    "agent.algorithm.compile=eager",
    "agent.algorithm.overlap_learning=false",
]
SETTINGS = asdict(load_config(None, SMALL))
ITERATIONS = 4

ANYTHING = st.sampled_from([1, 2, 3, 0, -1, [2, 2], [3], {3}, [{2}, {3}], "x", None, {"p": 2}, (1, 2), 1.5, True])
NAMES = ["a", "b", "state", "x/y", "../z", 0, "手", "", "log", "metrics"]
NUMBERS = st.sampled_from([0.0, 1.0, -3.5, 1e20, -1e38, 1e300, math.inf, -math.inf, math.nan, 5, True])
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.float16, torch.int64, torch.uint8, torch.bool])


@st.composite
def changes(draw):
    """A function of a valid answer for one agent to another one."""
    number, dtype = draw(NUMBERS), draw(DTYPES)
    row = draw(st.integers(0, 2))

    def one_number(value):
        value = value.double()
        if value.numel():
            value.view(-1)[row % value.numel()] = number
        return value

    return draw(
        st.sampled_from(
            [
                one_number,
                lambda value: torch.full_like(value.double(), number),
                lambda value: torch.nan_to_num(value.float()).to(dtype),
                lambda value: value.unsqueeze(-1),
                lambda value: value.flatten(),
                lambda value: value[:1],
                lambda value: torch.cat((value, value)),
                lambda value: value.numpy(),
                lambda value: value.tolist(),
                lambda value: value.to_sparse(),
                lambda value: value + 1j,
                lambda value: np.array(["x"] * len(value)),
                lambda _: number,
                lambda _: torch.tensor(number),
                lambda _: None,
                lambda _: "text",
                lambda _: {},
                lambda _: torch.zeros(0),
            ]
        )
    )


@st.composite
def faults(draw):
    """From which step on, which answer is another one, and how the whole dictionary changes."""
    what = draw(st.sampled_from(["observations", "states", "rewards", "terminated", "truncated", "log", "metrics"]))
    start, place, change = draw(st.integers(0, 6)), draw(st.integers(0, 2)), draw(changes())
    kind = draw(st.sampled_from(["value", "value", "value", "drop", "extra", "other"]))
    return what, start, place, change, kind


def changed(value, place, change, kind):
    if not isinstance(value, dict):
        return change(value)
    if kind == "other":
        return [None, [1.0, 2.0], {}][place]
    keys = list(value)
    key = keys[place % len(keys)]
    if kind == "drop":
        return {other: value[other] for other in keys if other != key}
    if kind == "extra":
        return value | {"team": value[key]}
    return value | {key: change(torch.as_tensor(value[key]))}


FEW = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=70)


@FEW
@given(
    agents=st.one_of(st.lists(st.sampled_from(NAMES), max_size=3), st.sampled_from([None, "ab", [["a"]], {"a": 1}])),
    actions=st.lists(ANYTHING, min_size=2, max_size=3),
    observations=st.lists(ANYTHING, min_size=2, max_size=3),
    state=ANYTHING,
)
def test_a_task_of_any_spaces_trains_or_is_refused_in_one_line(agents, actions, observations, state):
    names = agents if isinstance(agents, list) and ["a"] not in agents else NAMES
    spaces = (dict(zip(names, sizes, strict=False)) for sizes in (actions, observations))
    in_one_line(lambda: train(bare_cfg(*spaces, state, agents=agents), {}, []))


def always(*found):
    """An example of its own: two agents whose answers have these faults from the third step on."""
    sizes = {"actions": [1, 2, 1], "observations": [3, [2, 2], 1], "state": 3}
    return example(agents=["a", "b"], **sizes, num_envs=2, episode_length=3, failures={2: [0]}, found=list(found))


@MANY
@always(("rewards", 3, 1, None, "drop"))
@always(("terminated", 3, 1, None, "drop"))
@always(("observations", 3, 1, None, "extra"))
@always(("truncated", 3, 0, None, "other"))
@always(("observations", 3, 0, lambda value: value[:1], "value"))
@always(("states", 3, 0, lambda _: None, "value"))
@always(("rewards", 3, 0, lambda value: value.unsqueeze(-1), "value"))
@always(("log", 3, 0, lambda _: "text", "value"), ("metrics", 3, 0, lambda _: 1j, "value"))
@given(
    agents=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
    actions=st.lists(st.integers(1, 3), min_size=3, max_size=3),
    observations=st.lists(st.sampled_from([1, 2, 3, [2, 2]]), min_size=3, max_size=3),
    state=st.sampled_from([0, -1, 1, 3, [2, 2]]),
    num_envs=st.integers(1, 3),
    episode_length=st.integers(1, 5),
    failures=st.dictionaries(st.integers(1, 8), st.just([0]), max_size=8),
    found=st.lists(faults(), max_size=2),
)
def test_a_task_that_returns_anything_trains_or_ends_in_one_line(
    agents, actions, observations, state, num_envs, episode_length, failures, found
):
    spaces = (dict(zip(agents, sizes, strict=False)) for sizes in (actions, observations))
    cfg = bare_cfg(*spaces, state, num_envs=num_envs, episode_length=episode_length, agents=agents)
    in_one_line(lambda: train(cfg, failures, found))


def in_one_line(training):
    said, code = io.StringIO(), 0
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with end_on_user_error():
                assert training() == ITERATIONS
    except SystemExit as ending:
        code = ending.code
    assert code in (0, 2)
    assert said.getvalue().count("error: ") == said.getvalue().count("\n") == (1 if code else 0), said.getvalue()


def train(cfg, failures, found):
    spaces_of_cfg(cfg)
    task = BareMarlEnv(cfg)
    task.failures = failures

    def answer(asked, value):
        for what, start, place, change, kind in found:
            if asked == what and task.common_step_counter >= start:
                value = changed(value, place, change, kind)
                break
        return value

    task.answer = answer
    env = IsaacLabVecEnv(task, "Bare")
    runner = DiffusionActorRunner(env, SETTINGS | {"num_envs": env.num_envs}, None, "cpu")
    runner.logger.disable_logs = True
    runner.learn(ITERATIONS)
    return runner.current_learning_iteration + 1
