# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The build backend as an installer calls it, without a network."""

import os
import subprocess
import sys
from pathlib import Path

import setuptools


def call_backend(hook, cwd):
    """Call a hook of setuptools' backend in a directory, into which it writes."""
    # Isaac Lab asks for a release of `packaging` that is too old to build with; setuptools brings its own
    env = os.environ | {"PYTHONPATH": str(Path(setuptools.__file__).parent / "_vendor")}
    code = f"import setuptools.build_meta as backend; backend.{hook}('.')"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env=env)
    assert result.returncode == 0, result.stderr
