# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Shim beside ``pyproject.toml``, which cannot say that ``config/`` and ``scripts/`` are packages, too."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages("source"), "ddpl_isaac.configs", "ddpl_isaac.scripts"],
    package_dir={"": "source", "ddpl_isaac.configs": "config", "ddpl_isaac.scripts": "scripts"},
    package_data={"": ["**/*.usda", "**/*.json", "**/*.yaml"], "ddpl_isaac.configs": ["**/*.yaml", "*.toml"]},
)
