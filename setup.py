# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Shim beside ``pyproject.toml``, which cannot say that ``config/`` is a package next to those found in ``source/``."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages("source"), "ddpl_isaac.configs"],
    package_dir={"": "source", "ddpl_isaac.configs": "config"},
    package_data={"": ["**/*.usda", "**/*.json", "**/*.yaml"], "ddpl_isaac.configs": ["**/*.yaml", "*.toml"]},
)
