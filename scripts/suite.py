# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Run a grid of studies and print its table. ``--help`` lists the arguments."""

import argparse
from functools import partial
from pathlib import Path

from ddpl_isaac.cli import end_on_user_error
from ddpl_isaac.experiments.suite import run_suite


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this script."""
    parser = argparse.ArgumentParser(
        description="Run a grid of game studies; one that was interrupted goes on where it stopped.",
        allow_abbrev=False,
        epilog="Example: suite.py config/suite/policy_classes.yaml",
    )
    parser.add_argument("suite", type=Path, help="YAML file of the grid.")
    parser.add_argument("--output", type=Path, help="Folder of the results; by default logs/suite/<name>.")
    return parser


if __name__ == "__main__":
    args = make_parser().parse_args()
    with end_on_user_error():
        print(run_suite(args.suite, args.output or Path("logs/suite") / args.suite.stem, partial(print, flush=True)))
