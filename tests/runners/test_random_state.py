# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A run may move from one kind of device to the other; its random numbers go on, or begin anew in a known way."""

import logging
import random
import torch
from dataclasses import asdict

import pytest
from fakes import FakeEnv
from learners import SMALL

from ddpl_isaac import generator_state
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.runners.checkpoint import load_checkpoint, save_checkpoint
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.runners.random_state import get_random_state, set_random_state

CUDA_STATE = torch.arange(16, dtype=torch.uint8)


class CudaGenerator:
    """Takes what a generator of a GPU takes."""

    def __init__(self):
        self.state = self.seed = None

    def set_state(self, state):
        assert state.device.type == "cpu"
        assert len(state) == 16, "RNG state is wrong size"
        self.state = state

    def manual_seed(self, seed):
        self.seed = seed


def test_a_state_goes_on_on_the_same_kind_of_device():
    source, generator = torch.Generator().manual_seed(5), torch.Generator()
    torch.rand(7, generator=source)
    generator_state.restore(generator, source.get_state(), 5, 100, device="cpu")
    assert torch.equal(torch.rand(3, generator=generator), torch.rand(3, generator=source))
    assert generator.initial_seed() == 5
    cuda = CudaGenerator()
    generator_state.restore(cuda, CUDA_STATE, 5, 100, device="cuda")
    assert torch.equal(cuda.state, CUDA_STATE)


def test_on_another_kind_of_device_it_begins_anew_by_seed_and_steps():
    def draws(seed, steps):
        generator = torch.Generator()
        generator_state.restore(generator, CUDA_STATE, seed, steps, device="cpu")
        return tuple(torch.rand(2, generator=generator).tolist())

    assert draws(5, 100) == draws(5, 100)
    assert len({draws(5, 100), draws(5, 101), draws(6, 100)}) == 3
    cuda = CudaGenerator()
    generator_state.restore(cuda, torch.Generator().get_state(), 5, 100, device="cuda")
    assert cuda.state is None
    assert tuple(torch.rand(2, generator=torch.Generator().manual_seed(cuda.seed)).tolist()) == draws(5, 100)


def torch_draws():
    return torch.rand(2).tolist(), random.random()


def test_the_generators_of_a_process_go_on_on_the_same_kind_of_device(caplog):
    state = get_random_state("cpu")
    expected = torch_draws()
    set_random_state(state, "cpu", 7)
    assert torch_draws() == expected
    assert caplog.records == []


@pytest.mark.parametrize("names_its_device", [True, False])
def test_the_generators_of_a_process_begin_anew_after_a_move(caplog, names_its_device):
    state = get_random_state("cpu") | {"cuda": [CUDA_STATE], "device": "cuda"}
    if not names_its_device:
        del state["device"]
    seen = []
    for seed in (7, 7, 8):
        with caplog.at_level(logging.WARNING):
            set_random_state(state, "cpu", seed)
        seen.append(torch_draws())
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[2][0]
    assert seen[0][1] == seen[2][1], "those of Python go on"
    assert [record.message.count("\n") for record in caplog.records] == [0, 0, 0]
    assert "was written on cuda" in caplog.records[0].message


def test_to_a_gpu_all_generators_begin_anew(monkeypatch):
    seeds = []
    monkeypatch.setattr(torch, "manual_seed", seeds.append)
    set_random_state(get_random_state("cpu"), "cuda", 9)
    assert seeds == [9]


def make_runner(log_dir, *settings):
    cfg = asdict(load_config(None, [*SMALL, "agent.num_steps_per_env=2", *settings]))
    return DiffusionActorRunner(FakeEnv(num_envs=4), cfg, str(log_dir), "cpu")


@pytest.mark.parametrize("overlap", ["true", "false"])
def test_a_checkpoint_of_a_gpu_loads_on_a_cpu_and_trains_on_the_same_whenever(tmp_path, caplog, overlap):
    setting = f"agent.algorithm.overlap_learning={overlap}"
    make_runner(tmp_path / "gpu", setting).learn(3)
    path = tmp_path / "gpu" / "model_2.pt"
    state = load_checkpoint(path)
    state["algorithm"]["tensors"]["generator"] = CUDA_STATE
    state["random"] |= {"cuda": [CUDA_STATE], "device": "cuda"}
    save_checkpoint(path, state, task="Fake-v0")
    weights = []
    for run in ("one", "other"):
        runner = make_runner(tmp_path / run, setting, "agent.seed=3")
        runner.load(str(path))
        runner.learn(2)
        weights.append(load_checkpoint(tmp_path / run / "model_4.pt")["algorithm"]["modules"]["actor"])
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    assert sum("begin anew" in record.message for record in caplog.records) == 2
