# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Exported files act as the trainer does, for agents of unlike shapes, and tell all that one needs to run them."""

import dataclasses
import importlib.util
import json
import numpy as np
import torch
from tensordict import TensorDict

import onnxruntime
import pytest
from fakes import FakeEnv
from safetensors.numpy import load_file

from ddpl_isaac import __version__
from ddpl_isaac.agents import AgentSpec
from ddpl_isaac.config import ActorConfig, AlgorithmConfig, SamplerConfig
from ddpl_isaac.envs.signals import AgentSignals, Signal, signals_of
from ddpl_isaac.export.agent_policy import AgentPolicy, ExportError, check_class
from ddpl_isaac.export.files import check_extra
from ddpl_isaac.export.team import export_team, to_table, trainer_actions
from ddpl_isaac.models.agent_stack import AgentStack
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.models.normalizer import RunningNormalizer
from ddpl_isaac.models.policy import JointPolicy

H, BATCH = 10, 7
CFG = AlgorithmConfig(
    actor=ActorConfig(hidden_dims=[32, 16], observation_dims=[24]), sampler=SamplerConfig(num_steps=H)
)
ENV = FakeEnv()
"""``cart``: 4 observations, 1 action in [-1, 1]. ``pole``: 3 observations, 2 actions in [-2, 2] x [-.5, 1.5]."""


def make_policy(normalize=True, agents=ENV.agents):
    """A policy that has seen observations and whose networks answer to everything."""
    torch.manual_seed(0)
    stack = AgentStack(agents, ENV.state_dim)
    actor = DiffusionActor(stack.obs_dim, stack.action_mask, CFG.actor, CFG.sampler).requires_grad_(False)
    denoiser = actor.denoiser
    for parameter in (*denoiser.mlp.layers[-1].parameters(), denoiser.gaussian.layers[-1].weight):
        torch.nn.init.normal_(parameter, std=0.2)  # zero at the start, which would hide every dependence
    normalizer = RunningNormalizer((stack.num_agents, stack.obs_dim)) if normalize else torch.nn.Identity()
    if normalize:
        normalizer.update(stack.observations(seen(1000, 5.0, agents)))
    return JointPolicy(stack, normalizer, actor).eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The policy, and the directory that it was written to."""
    policy, directory = make_policy(), tmp_path_factory.mktemp("exported")
    origin = {"task": "Fake-v0", "checkpoint": "model_3.pt", "step_duration": 0.05}
    export_team(policy, ENV.get_observations(), CFG, signals_of(ENV), directory, origin)
    return policy, directory


def seen(count, spread, agents=ENV.agents):
    """Observations around 3."""
    obs = {agent.name: 3.0 + spread * torch.randn(count, agent.obs_dim) for agent in agents}
    return TensorDict(obs, batch_size=[count])


def draw(policy):
    """Observations wider than those of training, and noise for the widest action."""
    return seen(BATCH, 8.0), torch.randn(H, len(ENV.agents), BATCH, policy.stack.action_dim)


def sidecar_of(directory, agent):
    return json.loads((directory / f"{agent}.json").read_text())


@pytest.mark.parametrize("index", [0, 1])
def test_onnxruntime_alone_gets_the_trainers_actions(exported, index):
    policy, directory = exported
    agent = ENV.agents[index]
    obs, noise = draw(policy)
    expected = trainer_actions(policy, obs, noise)[agent.name].numpy()
    own = noise[:, index, :, : agent.action_dim].numpy()
    session = onnxruntime.InferenceSession(directory / f"{agent.name}.onnx")
    for rows in (slice(None), slice(0, 1)):  # any number of states
        inputs = {"observation": obs[agent.name].numpy()[rows], "noise": np.ascontiguousarray(own[:, rows])}
        (action,) = session.run(None, inputs)
        assert action.shape == expected[rows].shape
        np.testing.assert_allclose(action, expected[rows], atol=1e-5, rtol=0.0)
    assert expected.std() > 0.1


@pytest.mark.parametrize("index", [0, 1])
def test_torchscript_gets_the_trainers_actions(exported, index):
    policy, directory = exported
    agent = ENV.agents[index]
    obs, noise = draw(policy)
    expected = trainer_actions(policy, obs, noise)[agent.name]
    action = torch.jit.load(directory / f"{agent.name}.pt")(obs[agent.name], noise[:, index, :, : agent.action_dim])
    torch.testing.assert_close(action, expected, atol=1e-5, rtol=0.0)


def test_agents_of_any_name_stay_below_the_folder_and_tell_their_names(tmp_path):
    names = ["../x", "手\n|" * 100]
    agents = tuple(dataclasses.replace(agent, name=name) for agent, name in zip(ENV.agents, names, strict=True))
    signals = dict(zip(names, signals_of(ENV).values(), strict=True))
    folder = tmp_path / "below" / "exported"
    table = to_table(export_team(make_policy(agents=agents), seen(3, 1.0, agents), CFG, signals, folder, {}))
    sidecars = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    assert {sidecar["agent"] for sidecar in sidecars} == set(names)
    written = {file for sidecar in sidecars for file in sidecar["files"].values()}
    assert written | {path.name for path in folder.glob("*.json")} == {path.name for path in folder.iterdir()}
    assert len(written) == 6
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != folder] == []
    assert len(table.splitlines()) == 4


def act_by_numpy(weights, observation, noise):
    """The policy written out in numpy, from the safetensors alone."""

    def linear(name, x):
        return x @ weights[f"denoiser.{name}.weight"][0] + weights.get(f"denoiser.{name}.bias", np.zeros((1, 1)))[0]

    depth = sum(name.startswith("denoiser.mlp.layers.") for name in weights) // 2
    obs = linear("obs_encoder.first", (observation - weights["obs_mean"]) / weights["obs_std"])
    obs = (obs - obs.mean(-1, keepdims=True)) / np.sqrt(obs.var(-1, keepdims=True) + 1e-5)
    gain, shift = (weights[f"denoiser.obs_encoder.mlp.norms.0.{name}"][0] for name in ("weight", "bias"))
    obs = obs * gain + shift
    obs = linear("obs_encoder.mlp.layers.0", obs / (1.0 + np.exp(-obs)))
    gaussian = linear("gaussian.layers.0", obs / (1.0 + np.exp(-obs)))
    mean, log_std = np.split(gaussian, 2, axis=-1)
    std = np.exp(np.clip(log_std, np.log(0.01), np.log(2.0)))
    signal, spread = weights["schedule_signal"], weights["schedule_noise"]
    x = previous = noise[0]
    for k in range(1, H + 1):
        h = H - k
        phase = x @ weights["denoiser.action_features.frequencies"][0]
        hidden = linear("action_projection", np.concatenate((x, np.sin(phase), np.cos(phase)), -1))
        hidden = hidden + obs + weights["time_table"][h]
        for layer in range(depth):
            hidden = linear(f"mlp.layers.{layer}", hidden / (1.0 + np.exp(-hidden)))
        variance = (signal[h] * std) ** 2 + spread[h] ** 2
        eps = spread[h] * (x - signal[h] * mean) / variance + signal[h] * std / np.sqrt(variance) * hidden
        clean = np.clip((x - spread[h] * eps) / signal[h], -1.0, 1.0)
        ahead = np.clip(clean + weights["schedule_extrapolation"][h] * (clean - previous), -1.0, 1.0)
        previous = clean
        x = weights["schedule_mean_clean"][h] * ahead + weights["schedule_mean_noisy"][h] * x
        x = x + weights["schedule_std"][h] * noise[k % H]
    return weights["action_center"] + weights["action_half_width"] * np.clip(x, -1.0, 1.0)


@pytest.mark.parametrize("index", [0, 1])
def test_the_safetensors_hold_all_numbers_of_the_policy(exported, index):
    policy, directory = exported
    agent = ENV.agents[index]
    obs, noise = draw(policy)
    expected = trainer_actions(policy, obs, noise)[agent.name].numpy()
    weights = {name: value.astype(float) for name, value in load_file(directory / f"{agent.name}.safetensors").items()}
    action = act_by_numpy(weights, obs[agent.name].numpy(), noise[:, index, :, : agent.action_dim].numpy())
    np.testing.assert_allclose(action, expected, atol=1e-4, rtol=0.0)  # float64 against float32 of the trainer


def test_observations_without_a_normaliser_are_taken_as_they_are():
    policy = make_policy(normalize=False)
    obs, noise = draw(policy)
    action = AgentPolicy(policy, 1, CFG.actor)(obs["pole"], noise[:, 1])
    torch.testing.assert_close(action, trainer_actions(policy, obs, noise)["pole"], atol=1e-5, rtol=0.0)


def test_the_sidecar_tells_shapes_limits_normaliser_schedule_and_version(exported):
    policy, directory = exported
    sidecar = sidecar_of(directory, "pole")
    assert (sidecar["agent"], sidecar["task"], sidecar["checkpoint"]) == ("pole", "Fake-v0", "model_3.pt")
    assert (sidecar["package_version"], sidecar["step_duration"]) == (__version__, 0.05)
    assert sidecar["inputs"]["observation"]["shape"] == ["batch", 3]
    assert sidecar["inputs"]["noise"]["shape"] == [H, "batch", 2]
    action = sidecar["outputs"]["action"]
    assert (action["shape"], action["low"], action["high"]) == (["batch", 2], [-2.0, -0.5], [2.0, 1.5])
    np.testing.assert_allclose(sidecar["normalizer"]["mean"], policy.normalizer.mean[1, :3], rtol=1e-6)
    np.testing.assert_allclose(sidecar["normalizer"]["std"], policy.normalizer.std[1, :3] + 1e-2, rtol=1e-6)
    assert sidecar["normalizer"]["bound"] == [torch.finfo(torch.float32).max] * 3
    assert (sidecar["schedule"]["name"], len(sidecar["schedule"]["std"])) == ("geometric", H)
    assert {(directory / name).is_file() for name in sidecar["files"].values()} == {True}


def test_a_task_names_the_columns_of_its_observations(monkeypatch):
    position = Signal("position", "m", ("x", "y", "z"))
    told = AgentSignals((position,), (Signal("force", "N", ("left", "right")),))
    monkeypatch.setattr(ENV, "signals", {"pole": told}, raising=False)
    signals = signals_of(ENV)
    assert signals["pole"] == told
    assert signals["cart"].observation[0].entries == tuple(f"observation[{i}]" for i in range(4))
    monkeypatch.setattr(ENV, "signals", {"cart": told})
    with pytest.raises(ValueError, match="name 3 columns of the observation of 'cart'; it has 4"):
        signals_of(ENV)


def test_files_that_disagree_with_the_trainer_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("ddpl_isaac.export.team.TOLERANCE", -1.0)
    with pytest.raises(ExportError, match="differ from the trainer's"):
        export_team(make_policy(), ENV.get_observations(), CFG, signals_of(ENV), tmp_path, {})
    assert not list(tmp_path.glob("*.json"))


def test_other_policy_classes_are_refused():
    with pytest.raises(
        ExportError, match="Only diffusion policies can be exported; the policy class of this run is gmm"
    ):
        check_class(AlgorithmConfig(policy_class="gmm"))


def test_a_missing_extra_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(ExportError, match=r"needs onnxruntime: pip install 'ddpl-isaac\[export\]'"):
        check_extra()


def test_a_column_that_never_varied_does_not_reach_an_exported_policy(tmp_path):
    policy, obs = make_policy(), ENV.get_observations().to("cpu")
    policy.normalizer = RunningNormalizer((2, 4), clip=3.0)
    rows = policy.stack.observations(seen(1000, 5.0))
    rows[:, 0, 2] = 0.1
    policy.normalizer.update(rows)
    export_team(policy.eval(), obs, CFG, signals_of(ENV), tmp_path, {})
    sidecar = sidecar_of(tmp_path, "cart")["normalizer"]
    assert sidecar["constant"] == [{"column": 2, "entry": "observation[2]"}]
    assert sidecar["bound"] == [3.0, 3.0, 0.0, 3.0]
    assert sidecar_of(tmp_path, "pole")["normalizer"]["constant"] == []
    noise, near = torch.randn(H, 64, 1), torch.tensor([[3.0, 1.0, 0.1, 2.0]]).repeat(64, 1)
    shifted, far, farther = near.clone(), near.clone(), near.clone()
    shifted[:, 2], far[:, 1], farther[:, 1] = 1.1, 1e3, 1e6
    session = onnxruntime.InferenceSession(tmp_path / "cart.onnx")
    for run in (
        torch.jit.load(tmp_path / "cart.pt"),
        lambda o, n: torch.tensor(session.run(None, {"observation": o.numpy(), "noise": n.numpy()})[0]),
    ):
        assert torch.equal(run(near, noise), run(shifted, noise))
        assert torch.equal(run(far, noise), run(farther, noise))
        assert not torch.equal(run(near, noise), run(far, noise))
    weights = load_file(tmp_path / "cart.safetensors")
    np.testing.assert_array_equal(weights["obs_bound"], np.float32([3.0, 3.0, 0.0, 3.0]))


def test_an_action_without_a_range_is_exported(tmp_path):
    agents = (
        AgentSpec("cart", 4, slice(0, 1), (0.5,), (0.5,)),
        AgentSpec("pole", 3, slice(1, 3), (-2.0, 1.5), (2.0, 1.5)),
    )
    policy = make_policy()
    policy.stack = AgentStack(agents, ENV.state_dim)
    exported = export_team(policy, ENV.get_observations(), CFG, signals_of(ENV), tmp_path, {})
    assert all(agent.error <= 1e-5 for agent in exported)
    action = torch.jit.load(tmp_path / "pole.pt")(torch.rand(5, 3), torch.randn(H, 5, 2))
    assert action[:, 1].tolist() == [1.5] * 5
    assert sidecar_of(tmp_path, "cart")["outputs"]["action"]["low"] == [0.5]
