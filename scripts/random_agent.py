# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Step a task with random actions. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from functools import partial

from ddpl_isaac.cli import run
from ddpl_isaac.workflows.untrained import act_at_random, untrained_parser

make_parser = partial(untrained_parser, "random")

if __name__ == "__main__":
    run(act_at_random, make_parser())
