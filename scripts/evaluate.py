# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Evaluate a trained team over complete episodes. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from pathlib import Path

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.workflows.evaluate import evaluate


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Evaluate a trained team: return, length and the task's metrics with intervals, as table and JSON.")
    parser.add_argument("--checkpoint", default="latest", help="'latest' (default) or a file.")
    parser.add_argument("--num_episodes", type=int, default=100, help="Complete episodes per policy (default 100).")
    parser.add_argument(
        "--draws",
        type=int,
        default=1,
        help="Also let every agent act by the best of this many draws for its own critic, if it has one"
        " (default 1: do not).",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        help="Also act with the noise of the policies multiplied by this; with 0 an agent always does the same where it"
        " sees the same (default 1: do not).",
    )
    parser.add_argument("--output", type=Path, help="JSON file; by default <run>/evaluation/<checkpoint>.json.")
    parser.add_argument(
        "--html",
        action="store_true",
        help="Also write a page of table, curves, action distributions and video beside the JSON.",
    )
    return parser


if __name__ == "__main__":
    run(evaluate, make_parser())
