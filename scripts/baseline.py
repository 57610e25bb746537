# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Train MAPPO or IPPO of skrl on a task, to compare DDPL with. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.config.schema import choices
from ddpl_isaac.workflows.baseline import train_baseline


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Train a team of Gaussian policies by PPO on a task, with the budget and the logs of train.py.")
    parser.add_argument(
        "--algorithm",
        choices=choices("ppo.algorithm"),
        help="What the critics see (MAPPO, or as in the run that goes on).",
    )
    parser.add_argument("--max_iterations", type=int, help="Iterations of collection and learning in this run.")
    parser.add_argument("--run_name", help="Suffix of the run's directory; the algorithm's name if left out.")
    parser.add_argument("--checkpoint", help="Go on from 'latest' or from a file.")
    parser.add_video_args()
    parser.set_defaults(distributed=False)
    return parser


if __name__ == "__main__":
    run(train_baseline, make_parser())
