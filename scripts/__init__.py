# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The scripts, installed as ``ddpl_isaac.scripts`` so that ``python -m ddpl_isaac.scripts.train`` works anywhere."""
