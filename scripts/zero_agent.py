# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Step a task with zero actions. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from functools import partial

from ddpl_isaac.cli import run
from ddpl_isaac.workflows.untrained import act_zero, untrained_parser

make_parser = partial(untrained_parser, "zero")

if __name__ == "__main__":
    run(act_zero, make_parser())
