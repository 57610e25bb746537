# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of skrl that several tasks share."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from types import ModuleType
from typing import Any

import yaml


def skrl_settings(package: ModuleType, file: str, directory: str) -> Callable[[], dict[str, Any]]:
    """Return an entry point for Isaac Lab's registry: the settings in a file, with runs in a directory of their own.

    Args:
        package: Package that holds the file.
        file: Name of the YAML file.
        directory: Where runs go, below ``logs/skrl``.
    """

    def load() -> dict[str, Any]:
        settings = yaml.safe_load(files(package).joinpath(file).read_text())
        settings["agent"]["experiment"]["directory"] = directory
        return settings

    return load
