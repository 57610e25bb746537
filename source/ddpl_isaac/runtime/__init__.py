# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The machine: cores, memory, compiler, graphs, ranks, and what PhysX asks of a host without a GPU."""
