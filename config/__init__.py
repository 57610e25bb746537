# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The YAML files of the project, importable as ``ddpl_isaac.configs``."""
