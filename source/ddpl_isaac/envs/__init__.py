# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Environments behind one protocol."""

import os

from ddpl_isaac.runtime.caches import keep_kernels_where_writable

# Isaac Lab's video writer starts pygame where that is installed, which complains if there is no screen or sound card
for _driver in ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER"):
    os.environ.setdefault(_driver, "dummy")

keep_kernels_where_writable()  # before Isaac Lab is imported, which starts Warp
