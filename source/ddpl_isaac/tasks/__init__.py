# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Multi-agent tasks for Isaac Lab. Importing this package registers them with gymnasium.

It is the target of the entry point ``isaaclab.tasks``, through which Isaac Lab's own commands find the tasks.
"""

from isaaclab_tasks.utils import import_packages

from ddpl_isaac.runtime.pinned_arrays import allow_pinned_arrays_without_cuda

allow_pinned_arrays_without_cuda()
import_packages(__name__)
