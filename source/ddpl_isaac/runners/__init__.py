# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What drives a training or an evaluation: runner, checkpoints, logging, guard, evaluator."""
