# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Play a trained team. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.workflows.play import play


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Play a trained team in a viewer or into a video.")
    parser.add_argument("--checkpoint", default="latest", help="'latest' (default) or a file.")
    parser.add_argument("--num_steps", type=int, help="Stop after this many steps.")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        help="Multiply the noise of the policies; 0 plays what they do without any (default 1).",
    )
    parser.add_argument("--real_time", action="store_true", help="Play no faster than real time.")
    parser.add_video_args()
    return parser


if __name__ == "__main__":
    run(play, make_parser())
