# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Export a trained team to files that run without this package. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

from pathlib import Path

from ddpl_isaac.cli import Parser, run
from ddpl_isaac.workflows.export import export


def make_parser() -> Parser:
    """Return the parser of this script."""
    parser = Parser("Write every agent as ONNX, TorchScript and safetensors with a JSON sidecar, and time an action.")
    parser.add_argument("--checkpoint", default="latest", help="'latest' (default) or a file.")
    parser.add_argument("--output", type=Path, help="Directory; by default <run>/exported/<checkpoint>.")
    return parser


if __name__ == "__main__":
    run(export, make_parser())
