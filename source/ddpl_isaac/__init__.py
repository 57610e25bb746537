# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Decentralized Diffusion Policy Learning (DDPL) for cooperative multi-agent manipulation in Isaac Lab."""

__version__ = "0.1.0"
