# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Skips what this machine cannot run, and settings of all tests."""

import importlib.util
import os
import signal
import torch

import pytest

# networks of tests are so small that threads would only wait for each other, the more so on a busy machine
torch.set_num_threads(1)

# by itself JAX takes three quarters of a GPU's memory, and torch wants it too
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

# a shell has what it starts in the background ignore Ctrl-C, and so would the processes that tests interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    missing = {
        "gpu": not torch.cuda.is_available() and "no CUDA device",
        "isaacsim": importlib.util.find_spec("isaacsim") is None and "Isaac Sim is not installed",
    }
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
