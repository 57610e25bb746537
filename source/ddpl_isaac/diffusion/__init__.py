# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The mathematics of ISSM: pure functions of tensors that import torch only."""
