# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Settings of all tests."""

import torch

# networks of tests are so small that threads would only wait for each other, the more so on a busy machine
torch.set_num_threads(1)
