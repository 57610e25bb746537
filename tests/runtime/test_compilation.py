# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Compilation is an option that its absence does not break."""

import logging
import subprocess
import sys
import torch

import pytest

from ddpl_isaac.config import ActorConfig, SamplerConfig
from ddpl_isaac.diffusion.sampler import denoise_step
from ddpl_isaac.models.diffusion_actor import DiffusionActor
from ddpl_isaac.runtime import compilation


def test_without_a_compiler_networks_run_eagerly_and_that_is_said_once_in_one_line(monkeypatch, caplog):
    monkeypatch.setattr(compilation.shutil, "which", lambda _: None)
    compilation._warn_of_missing_compiler.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert compilation.compiled(denoise_step, "auto", "cpu") is denoise_step
    assert [record.getMessage().count("\n") for record in caplog.records] == [0]
    assert "install g++" in caplog.text


def test_compilation_can_be_declined(caplog):
    assert compilation.compiled(denoise_step, "eager", "cpu") is denoise_step
    assert not caplog.records


def test_a_process_may_have_more_networks_than_torch_compiles_a_function_for():
    torch.compiler.reset()
    for width in range(3, 14):
        settings = ActorConfig(hidden_dims=[width]), SamplerConfig(num_steps=2)
        actor = DiffusionActor(2, torch.ones(1, 1), *settings, "auto")
        assert actor.sample(torch.zeros(1, 1, 2)).shape == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("missing", "named"), [("triton", "Triton"), ("cc", "gcc"), ("headers", "headers of Python"), (None, None)]
)
def test_on_a_gpu_triton_needs_a_c_compiler_and_the_headers_of_python(monkeypatch, tmp_path, missing, named):
    if missing != "headers":
        (tmp_path / "Python.h").touch()
    monkeypatch.setattr("torch.utils._triton.has_triton", lambda: missing != "triton")
    monkeypatch.setattr(compilation.shutil, "which", lambda name: None if missing == "cc" else f"/usr/bin/{name}")
    monkeypatch.setattr(compilation.sysconfig, "get_path", lambda _: str(tmp_path))
    lacks = compilation.what_a_compiler_lacks("cuda:0")
    assert compilation.has_compiler("cuda:0") == (missing is None)
    assert lacks is None if named is None else named in lacks


STARTS_SEVERAL_TIMES = """
import threading, torch
from ddpl_isaac.runtime import compilation

def fail(function):
    tried.append(function)
    raise RuntimeError("no compiler after all")

tried = []
torch.compile = fail
for _ in range(3):
    compilation.start_compiler("cpu")
    compilation.wait_for_compiler()
(thread,) = (thread for thread in threading.enumerate() if thread.name == "compiler")
thread.join(timeout=0.5)
print(len(tried), thread.is_alive())
"""


def test_one_thread_compiles_and_lives_as_long_as_the_process():
    """torch crashes at the next compilation once the thread of the first one has ended, and where several compile."""
    command = [sys.executable, "-c", STARTS_SEVERAL_TIMES]
    result = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    assert result.stdout == "1 True\n"


ENDS_AT_ONCE = """
import atexit, time, torch
from ddpl_isaac.runtime import compilation

def take_a_while(function):
    time.sleep(1.0)
    ended.append(True)
    return function

ended = []
torch.compile = take_a_while
atexit.register(lambda: print("ended" if ended else "still compiling"))
compilation.start_compiler("cpu")
"""


def test_a_process_that_ends_at_once_waits_for_its_compiler():
    """Else its thread goes on while the interpreter is taken down, and the process dies by a signal now and then."""
    command = [sys.executable, "-c", ENDS_AT_ONCE]
    result = subprocess.run(command, check=True, timeout=300, capture_output=True, text=True)
    assert result.stdout == "ended\n"
