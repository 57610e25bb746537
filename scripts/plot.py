# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Draw learning curves of runs, of a grid or of a CSV, side by side. ``--help`` lists the arguments."""

from ddpl_isaac.interruption import watch

if __name__ == "__main__":
    watch()  # before anything is imported that takes time

import argparse
from pathlib import Path

from ddpl_isaac.errors import end_on_user_error
from ddpl_isaac.experiments.figure import draw, read_csv, write_csv
from ddpl_isaac.experiments.report import methods_of_suite, panels_of, read_methods, summary_table
from ddpl_isaac.experiments.suite import read_results
from ddpl_isaac.experiments.summary import tables
from ddpl_isaac.output_paths import check_output


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of this script."""
    parser = argparse.ArgumentParser(
        description="Draw interquartile mean and 95 % bootstrap interval over seeds, and print a table.",
        allow_abbrev=False,
        epilog='Example: plot.py --runs "DDPL=logs/ddpl/ddpl_cart_pendulum/*" "MAPPO=logs/skrl/ddpl_cart_pendulum/*"'
        " --output docs/results/cart_pendulum.png",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--runs", nargs="+", help="Per method label=path, with wildcards over its seeds.")
    source.add_argument("--suite", type=Path, help="Folder of a grid, of which is drawn whatever has finished.")
    source.add_argument("--csv", type=Path, help="CSV that --save_csv wrote, to draw a figure again.")
    parser.add_argument("--save_csv", type=Path, help="CSV of what is drawn, to write as well.")
    parser.add_argument("--axis", help="Name of the horizontal axis (default: environment or mirror steps).")
    parser.add_argument("--quantity", default="return", help="return (default), length, success, a metric, or a tag.")
    parser.add_argument("--output", type=Path, required=True, help="PNG to write.")
    parser.add_argument("--title", default="", help="Title of the figure.")
    parser.add_argument("--num_envs", type=int, help="Environments of skrl and rsl_rl runs without params/env.yaml.")
    parser.add_argument("--num_agents", type=int, help="Agents of skrl and rsl_rl runs without params/env.yaml.")
    return parser


def main(args: argparse.Namespace) -> None:
    """Draw the figure and print the table."""
    check_output("--output", args.output)
    axis, table = "environment steps", ""
    if args.csv:
        panels = read_csv(args.csv)
    elif args.suite:
        results = read_results(args.suite)
        axis = axis if any("curves" in result for result in results) else "mirror steps"
        panels, table = panels_of(methods_of_suite(results, args.quantity)), tables(results)
    else:
        methods = read_methods(args.runs, args.quantity, num_envs=args.num_envs, num_agents=args.num_agents)
        panels, table = panels_of({"": methods}), summary_table(methods, args.quantity)
    draw(panels, args.quantity, args.output, args.axis or axis, args.title)
    if args.save_csv:
        check_output("--save_csv", args.save_csv)
        write_csv(panels, args.save_csv)
    print(f"{table}\nFigure: {args.output}".strip())


if __name__ == "__main__":
    with end_on_user_error():
        main(make_parser().parse_args())
