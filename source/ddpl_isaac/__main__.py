# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The scripts as one command that needs no checkout: ``ddpl_isaac train ...``, ``python -m ddpl_isaac train ...``."""

import importlib
import pkgutil
import runpy
import sys


def main() -> None:
    """Run the script that the first argument names, with the arguments that follow."""
    names = [module.name for module in pkgutil.iter_modules(importlib.import_module("ddpl_isaac.scripts").__path__)]
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print(f"usage: ddpl_isaac {{{','.join(names)}}} ...   (each has --help)")  # noqa: T201
    elif name in names:
        sys.argv = [f"ddpl_isaac {name}", *sys.argv[2:]]
        runpy.run_module(f"ddpl_isaac.scripts.{name}", run_name="__main__")
    else:
        sys.exit(f"error: There is no command '{name}'; there are {', '.join(names)}.")


if __name__ == "__main__":
    main()
