# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Train DDPL on a task. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.workflows.train import train


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Train a team of diffusion policies on a task.")
    parser.add_argument("--max_iterations", type=int, help="Iterations of collection and learning in this run.")
    parser.add_argument("--run_name", help="Suffix of the run's directory.")
    parser.add_argument("--checkpoint", help="Go on from 'latest' or from a file.")
    parser.add_argument("--distributed", action="store_true", help="Be one of the ranks that torchrun starts.")
    parser.add_video_args()
    return parser


if __name__ == "__main__":
    run(train, make_parser())
