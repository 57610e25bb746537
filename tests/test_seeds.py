# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""No two streams of random numbers are the same, within a run or between runs."""

import itertools
import torch
from argparse import Namespace
from dataclasses import asdict

import pytest
from fakes import FakeEnv
from learners import SMALL

from ddpl_isaac.algorithms.learner_process import _build
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.envs.built_in import BUILT_IN
from ddpl_isaac.envs.mpe import ParticleEnv, make_world
from ddpl_isaac.errors import ConfigError
from ddpl_isaac.experiments.game_study import GameStudy
from ddpl_isaac.experiments.grid import read_cells
from ddpl_isaac.runners.diffusion_actor_runner import DiffusionActorRunner
from ddpl_isaac.runtime import ranks
from ddpl_isaac.seeds import MAX_SEED, Purpose, derive
from ddpl_isaac.workflows.prepare import Prepared

SEEDS = [*range(24), 100_000, 100_001, 2**31, MAX_SEED - 1, MAX_SEED]


def first_draws(seed):
    """The first numbers of torch's generator on the CPU, which looks at 32 bits of a seed."""
    return torch.rand(2, generator=torch.Generator().manual_seed(seed)).tolist()


def test_no_two_streams_of_seeds_ranks_purposes_and_environments_are_the_same():
    grid = list(itertools.product(SEEDS, range(8), Purpose, range(64)))
    seeds = {derive(seed, purpose, rank=rank, index=index) for seed, rank, purpose, index in grid}
    assert len(seeds) == len(grid)
    # one of these per process: what is derived from another seed has an index
    grid = list(itertools.product(SEEDS, range(8), Purpose))
    assert len({derive(seed, purpose, rank=rank) & MAX_SEED for seed, rank, purpose in grid}) == len(grid)
    assert len({tuple(first_draws(derive(seed, purpose, rank=rank))) for seed, rank, purpose in grid}) == len(grid)


def test_a_stream_of_a_stream_is_another_one():
    worlds = [derive(seed, Purpose.TRAINING_WORLDS, rank=rank) for seed in SEEDS for rank in range(4)]
    rows = {derive(world, Purpose.ENVIRONMENT, index=row) for world in worlds for row in range(64)}
    assert len(rows) == len(worlds) * 64
    assert not rows & set(worlds)


def test_a_stream_is_the_same_again():
    assert derive(1, Purpose.ACTING) == derive(1, Purpose.ACTING) == 3337612516104220275


def make_runner(seed):
    cfg = asdict(load_config(None, [*SMALL, "agent.algorithm.overlap_learning=false", f"agent.seed={seed}"]))
    return DiffusionActorRunner(FakeEnv(num_envs=4), cfg, None, "cpu")


def _seed_of_the_process():
    return torch.initial_seed()


def test_no_rank_of_a_run_shares_a_stream_with_another_run_nor_its_learner_with_its_environments(monkeypatch):
    found = []
    for seed, rank in itertools.product((0, 1, 2, 3), (0, 1, 2)):
        monkeypatch.setattr(ranks, "rank", lambda rank=rank: rank)
        runner = make_runner(seed)
        acting = torch.initial_seed()
        beside = _build(None, _seed_of_the_process, torch.get_num_threads(), acting)
        found += [acting, runner.alg.learner.generator.initial_seed(), runner._seed_at(0), runner._seed_at(1), beside]
    assert len({seed & MAX_SEED for seed in found}) == len(found)


def seeds_of_worlds(monkeypatch, tmp_path):
    """Return what the environments of runs are seeded with, by (seed, rank, folder)."""
    args = Namespace(task="Coordination-Corners-v0", device="cpu", video=False)
    plan, given = BUILT_IN.plan(args, []), {}
    for seed, rank, folder in itertools.product((1, 2, 100_001), (0, 1), ("train", "evaluate")):
        monkeypatch.setattr(ranks, "rank", lambda rank=rank: rank)

        def keep(*_, key=(seed, rank, folder), **how):
            given[key] = how["seed"]

        monkeypatch.setattr(BUILT_IN, "open", keep)
        cfg = load_config(None, ["agent.algorithm.overlap_learning=false", f"agent.seed={seed}"])
        cfg.algorithm.compile = "eager"
        Prepared(plan, cfg, None).open(tmp_path, folder)
    return given


def test_environments_differ_between_seeds_ranks_and_from_training_to_evaluation(monkeypatch, tmp_path):
    given = seeds_of_worlds(monkeypatch, tmp_path)
    assert len(set(given.values())) == len(given) == 12


def test_particle_worlds_have_random_numbers_of_their_own():
    def worlds(seed):
        torch.manual_seed(5)
        return ParticleEnv("MPE-Spread-v0", make_world("MPE-Spread-v0"), 4, seed=seed, compile="eager").state[0]

    assert torch.equal(worlds(1), worlds(1))
    assert not torch.equal(worlds(1), worlds(2))
    torch.manual_seed(5)
    draws = torch.rand(3)
    torch.manual_seed(5)
    env = ParticleEnv("MPE-Spread-v0", make_world("MPE-Spread-v0"), 4, compile="eager")
    env.step(torch.zeros(4, env.num_actions))
    assert torch.equal(torch.rand(3), draws), "the environments took random numbers of the policies"


def test_no_environment_of_a_family_repeats_one_of_another_seed(tmp_path):
    pytest.importorskip("gymnasium_robotics")
    args = Namespace(task="MaMuJoCo-Hopper-3x1-v0", device="cpu", video=False)
    rows = []
    for seed in (1, 2, 3):
        how = {"num_envs": 3, "log_dir": tmp_path, "video_folder": "none"}
        with BUILT_IN.open(BUILT_IN.plan(args, []), seed=seed, **how) as env:
            rows += [tuple(row) for row in env.get_observations()["state"].tolist()]
    assert len(set(rows)) == 9


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 10**20, True, 1.5])
def test_a_grid_refuses_a_seed_that_a_run_would_refuse(tmp_path, seed):
    path = tmp_path / "grid.yaml"
    for study in ("game: corners, policy_class: gmm, num_agents: 1", "task: MPE-Spread-v0, method: MAPPO"):
        path.write_text(f"studies: [{{{study}, seed: [1, {str(seed).lower()}]}}]")
        with pytest.raises(ConfigError, match=r"^seed: .* must be a whole number in \[0, 4294967295\]\.$"):
            read_cells(path)


def test_a_grid_accepts_the_seeds_of_a_run(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(f"studies: [{{game: corners, policy_class: gmm, num_agents: 1, seed: [0, {MAX_SEED}]}}]")
    assert [cell.study.seed for cell in read_cells(path)] == [0, MAX_SEED]
    study = {"num_agents": 1, "num_seeds": 1, "refreshes": 1}
    settings = ["agent.algorithm.actor_batch_size=4", "agent.algorithm.issm.reference_window=2"]
    results = [GameStudy("corners", "gmm", seed=seed, **study).run(settings, tmp_path, tmp_path) for seed in (0, 1)]
    assert results[0] != results[1]
