# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Draw learning curves of runs side by side. ``--help`` lists the arguments."""

import argparse
from pathlib import Path

from ddpl_isaac.cli import end_on_user_error
from ddpl_isaac.experiments.report import draw, read_methods, summary_table


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this script."""
    parser = argparse.ArgumentParser(
        description="Draw mean and range over seeds against environment steps, and print a table.",
        allow_abbrev=False,
        epilog='Example: plot.py --runs "DDPL=logs/ddpl/ddpl_cart_pendulum/*" "MAPPO=logs/skrl/ddpl_cart_pendulum/*"'
        " --output docs/results/cart_pendulum.png",
    )
    parser.add_argument(
        "--runs", nargs="+", required=True, help="Per method label=path, with wildcards over its seeds."
    )
    parser.add_argument("--quantity", default="return", help="return (default), length, success, or a tag.")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write.")
    parser.add_argument("--title", default="", help="Title of the figure.")
    parser.add_argument("--num_envs", type=int, help="Environments of skrl and rsl_rl runs without params/env.yaml.")
    parser.add_argument("--num_agents", type=int, help="Agents of skrl and rsl_rl runs without params/env.yaml.")
    return parser


if __name__ == "__main__":
    args = make_parser().parse_args()
    with end_on_user_error():
        methods = read_methods(args.runs, args.quantity, num_envs=args.num_envs, num_agents=args.num_agents)
        draw(methods, args.quantity, args.output, args.title)
        print(f"{summary_table(methods, args.quantity)}\nFigure: {args.output}")
