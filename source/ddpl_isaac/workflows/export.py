# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Exporting what was trained, to files that run without this package."""

from __future__ import annotations

from ddpl_isaac.cli import CommandLine
from ddpl_isaac.envs.signals import signals_of
from ddpl_isaac.envs.vec_env import step_duration
from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.export.agent_policy import check_class
from ddpl_isaac.export.files import check_extra
from ddpl_isaac.export.team import export_team, to_table
from ddpl_isaac.interruption import whole_files
from ddpl_isaac.output_paths import check_output
from ddpl_isaac.run_directory import shown
from ddpl_isaac.runners.make_runner import make_runner
from ddpl_isaac.workflows.prepare import PLAY_ENVS, prepare_trained


def export(command: CommandLine) -> None:
    """Write the averaged (EMA) actor of every agent as ONNX, TorchScript and safetensors, checked against the trainer.

    Raises:
        ConfigError: If the command line cannot be used.
        CheckpointError: If the checkpoint cannot be used.
        ExportError: If the policy cannot be exported.
    """
    check_extra()
    prepared, checkpoint = prepare_trained(command, num_envs=PLAY_ENVS)
    plan, cfg = prepared.plan, prepared.cfg
    check_class(cfg.algorithm)
    cfg.algorithm.compile = "eager"  # the trainer acts once
    output = command.args.output or checkpoint.parent / "exported" / checkpoint.stem
    check_output("--output", output, directory=True)
    print(f"Exporting {shown(checkpoint)}.", flush=True)
    with prepared.open(checkpoint.parent, "export") as env, end_on_user_error():
        policy = make_runner(env, cfg, plan.device, checkpoint=checkpoint).get_inference_policy("cpu")
        origin = {"task": plan.task, "checkpoint": checkpoint.name, "step_duration": step_duration(env)}
        with whole_files(output) as directory:
            exported = export_team(policy, env.get_observations(), cfg.algorithm, signals_of(env), directory, origin)
        print(f"{to_table(exported)}\nFiles: {shown(output)}", flush=True)
