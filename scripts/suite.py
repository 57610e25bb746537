# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Run a grid of studies and print its tables. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

import argparse
import sys
from functools import partial
from pathlib import Path

from ddpl_isaac.errors import ConfigError, end_on_user_error
from ddpl_isaac.experiments.launchers import launch_local, launch_ray
from ddpl_isaac.experiments.suite import run_cell, run_suite
from ddpl_isaac.output_paths import check_output

SCRIPT = Path(__file__).absolute()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this script."""
    parser = argparse.ArgumentParser(
        description="Run a grid of games and trainings; one that was interrupted goes on where it stopped.",
        allow_abbrev=False,
        epilog="Example: suite.py config/suite/policy_classes.yaml",
    )
    parser.add_argument("suite", type=Path, help="YAML file of the grid.")
    parser.add_argument("--output", type=Path, help="Folder of the results; by default logs/suite/<name>.")
    parser.add_argument("--launcher", choices=("local", "ray"), default="local", help="This machine or a Ray cluster.")
    parser.add_argument("--jobs", type=int, default=1, help="local: cells that run at once, sharing the cores.")
    parser.add_argument("--cpus", type=float, default=1.0, help="ray: cores of a cell.")
    parser.add_argument("--gpus", type=float, default=0.0, help="ray: GPUs of a cell, or the share of one.")
    parser.add_argument("--cell", help="Run this cell alone, here, and print nothing of the others.")
    return parser


def main(args: argparse.Namespace) -> None:
    """Run the grid or one cell of it."""
    suite, output = args.suite.absolute(), (args.output or Path("logs/suite") / args.suite.stem).absolute()
    check_output("--output", output, directory=True)
    if args.cell:
        run_cell(suite, output, args.cell, SCRIPT.parent)
        return
    if args.jobs < 1 or args.cpus <= 0 or args.gpus < 0:
        raise ConfigError(f"--jobs {args.jobs} must be >= 1, --cpus {args.cpus} > 0 and --gpus {args.gpus} >= 0.")

    def command(name: str) -> list[str]:
        return [sys.executable, str(SCRIPT), str(suite), f"--output={output}", f"--cell={name}"]

    if args.launcher == "ray":
        launch = partial(launch_ray, command=command, logs=output, cpus=args.cpus, gpus=args.gpus)
    else:
        launch = partial(launch_local, command=command, logs=output, jobs=args.jobs)
    print(run_suite(suite, output, launch, partial(print, flush=True)))


if __name__ == "__main__":
    with end_on_user_error():
        main(make_parser().parse_args())
