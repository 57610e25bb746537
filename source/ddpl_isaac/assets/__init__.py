# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Robots of primitives: a table of figures each, and the USD file written from it."""
