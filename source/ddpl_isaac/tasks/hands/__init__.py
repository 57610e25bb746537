# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What all tasks of Shadow Hands share: scene, agents, observations, resets, and the settings of other learners."""
