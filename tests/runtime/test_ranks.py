# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Two ranks with half of a batch each learn what one rank learns from the whole, and log the same."""

import multiprocessing
import torch
from functools import partial

import pytest
from fakes import FakeEnv
from learners import collect
from tape import tensors

from ddpl_isaac.algorithms.policy_improvement import States
from ddpl_isaac.algorithms.rollouts import Rollouts
from ddpl_isaac.config.loader import load_config
from ddpl_isaac.runners.training_logger import InterruptedBetweenIterationsError, TrainingLogger
from ddpl_isaac.storage.replay_storage import Batch

BATCH = 12
SETTINGS = [
    "agent.algorithm.overlap_learning=false",
    "agent.algorithm.warmup_steps_per_env=0",
    "agent.algorithm.replay.capacity=1024",
    "agent.num_envs=8",
    "agent.algorithm.actor.hidden_dims=[8]",
    "agent.algorithm.critic.hidden_dims=[8]",
    "agent.algorithm.issm.num_candidates=8",
    "agent.algorithm.max_grad_norm=0.5",  # the norm that is clipped must be that of the mean
    "agent.algorithm.sampler.num_steps=2",
    "agent.algorithm.compile=eager",
]


def share(tensor, rank, world, dim=0):
    return tensor.chunk(world, dim)[rank]


def learn(rank, world):
    """Take steps on the rank's share of the same data, and return all that must agree."""
    torch.manual_seed(0)
    env = FakeEnv(num_envs=8 // world)
    learner = Rollouts(env, load_config(None, SETTINGS), "cpu").learner
    agents, width, dims = 2, learner.stack.obs_dim, learner.stack.action_dim
    draw = torch.Generator().manual_seed(1)
    rand = partial(torch.randn, generator=draw)
    etas = []
    for _ in range(3):
        whole = Batch(
            rand(BATCH, agents, width),
            rand(BATCH, 5),
            rand(BATCH, agents, dims).clamp(-1, 1),
            rand(BATCH),
            torch.full((BATCH,), 0.9),
            rand(BATCH, agents, width),
            rand(BATCH, 5),
        )
        next_actions = rand(BATCH, agents, dims).clamp(-1, 1)
        candidates, qbar = rand(agents, BATCH, 4, dims).clamp(-1, 1), rand(agents, BATCH, 8)
        learner._update_critic(Batch(*(share(field, rank, world) for field in whole)), share(next_actions, rank, world))
        qbar = share(qbar, rank, world, dim=1)
        learner.improvement._solve_eta(qbar, torch.ones(qbar.shape[:2]))
        etas.append(learner.improvement.eta.clone())
        mine = share(candidates, rank, world, dim=1)

        obs = share(whole.obs, rank, world)

        def weighed(*_, mine=mine, obs=obs):
            return (
                States(obs, None, torch.ones(mine.shape[:2])),
                mine,
                torch.full(mine.shape[:3], 1 / mine.shape[2]),
                None,
                {},
            )

        def loss(step, mine=mine):
            policy = learner.actor
            parameters = torch.cat([p.flatten(1) for p in policy.parameters()], dim=1)
            return (parameters.mean(1)[:, None] * mine.mean((2, 3)) * step.obs.mean(2).T).square()

        learner.improvement._weigh_candidates = weighed
        learner.improvement.actor.loss = loss
        learner.improvement.step(tuple)
    for observations in rand(5, 8, agents, width):
        learner.obs_normalizer.update(share(observations, rank, world))
    modules = {name: module.state_dict() for name, module in learner._modules().items()}
    flat = {f"{name}/{key}": value for name, state in modules.items() for key, value in state.items()}
    return flat | {f"eta/{step}": eta for step, eta in enumerate(etas)}


def log(rank, world):
    """Log an iteration in which only rank 0 has a metric of its own, and be interrupted in the last rank."""
    cfg = {"num_steps_per_env": 2, "algorithm": {}}
    arguments = {"log_dir": None, "cfg": cfg, "env_cfg": {}, "num_envs": 8 // world, "is_distributed": world > 1}
    logger = TrainingLogger(**arguments, gpu_world_size=world, gpu_global_rank=rank, device="cpu")
    for step in range(2):
        rewards = share(torch.arange(8.0) + step, rank, world)
        dones = share(torch.tensor([1, 0, 0, 1, 0, 1, 1, 1]), rank, world)
        extras = {"metrics": {"success": share(torch.arange(8.0), rank, world)}}
        if rank == 0:
            extras["log"] = {"only": 3.0}
        logger.process_env_step(rewards, dones, extras)
    logger.interrupted = rank == world - 1
    with pytest.raises(InterruptedBetweenIterationsError):
        logger.log(0, 0, 1, 1.0, 1.0, {"critic": share(torch.arange(8.0), rank, world).mean()}, 0.1)
    return {tag: torch.tensor(value) for tag, value in logger.latest.items()}


def _be_rank(work, rank, world, folder):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=world)
    torch.save(work(rank, world), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("work", [learn, log])
def test_two_ranks_with_half_the_batch_equal_one_with_the_whole(tmp_path, work):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_be_rank, args=(work, rank, 2, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    whole = work(0, 1)
    for process in processes:
        process.join(300)
        assert process.exitcode == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert first.keys() == second.keys() == whole.keys()
    for name, value in whole.items():
        if name == "Perf/total_fps":
            continue
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], value, rtol=2e-4, atol=2e-6)
    if work is learn:
        torch.manual_seed(0)  # the parameters must have moved for the comparison to say anything
        fresh = Rollouts(FakeEnv(num_envs=8), load_config(None, SETTINGS), "cpu").learner
        for module in ("critic", "actor"):
            before = fresh._modules()[module].state_dict()
            assert any(not torch.equal(whole[f"{module}/{key}"], value) for key, value in before.items())


@pytest.mark.gpu
def test_what_ranks_send_each_other_is_captured_with_the_gradient_steps(tmp_path):
    """A single rank sends by NCCL all that several would."""
    rendezvous = f"file://{tmp_path}/rendezvous"
    torch.distributed.init_process_group("nccl", init_method=rendezvous, rank=0, world_size=1)
    try:
        ends = []
        for compile_by in ("auto", "eager"):
            torch.manual_seed(0)
            env = FakeEnv(num_envs=16, device="cuda")
            settings = "agent.num_envs=16", "agent.algorithm.candidate_reuse=1"
            settings += f"agent.algorithm.compile={compile_by}", "agent.algorithm.matmul_precision=highest"
            rollouts = Rollouts(env, load_config(None, [*SETTINGS, *settings]), "cuda")
            for _ in range(12):
                collect(rollouts, env, 8)
                rollouts.update()
            names = [key[0].__name__ for key, call in rollouts.learner._graphs._calls.items() if call.replay]
            assert set(names) == ({"_critic_steps", "_record", "_refresh", "_fit"} if compile_by == "auto" else set())
            ends.append(rollouts.save()["modules"])
    finally:
        torch.distributed.destroy_process_group()
    for fast, plain in zip(*(tensors(end) for end in ends), strict=True):
        torch.testing.assert_close(fast, plain, atol=1e-3, rtol=1e-3)
