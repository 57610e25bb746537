# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Tasks of Isaac Lab, the user's own among them."""

from ddpl_isaac.envs.isaac_lab.vec_env import IsaacLabVecEnv

__all__ = ["IsaacLabVecEnv"]
