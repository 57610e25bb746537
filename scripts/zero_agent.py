# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Step a task with zero actions. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.workflows.untrained import act_zero


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Step a task with zero actions, to look at it before anything is trained.")
    parser.add_argument("--num_steps", type=int, help="Stop after this many steps.")
    return parser


if __name__ == "__main__":
    run(act_zero, make_parser())
