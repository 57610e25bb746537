# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""An object that lives in a process of its own, whose interpreter it need not share."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import torch
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ddpl_isaac.errors import UserError
from ddpl_isaac.seeds import Purpose, derive


class LearnerProcessError(UserError):
    """The process of the learner has ended."""


class LearnerProcess:
    """Calls functions of an object in another process, in the order in which they were submitted.

    What is sent is pickled by value: shared memory, which torch would use, is often limited to 64 MB in containers.
    """

    def __init__(self, *modules: str) -> None:
        """Start the process.

        Args:
            modules: What it shall import meanwhile, so that the first call need not.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", f"from {__name__} import serve; serve({theirs.fileno()}, {modules})"]
            paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            # a session of its own: what Ctrl-C ends is up to the process that the user sees
            self._process = subprocess.Popen(
                command,
                env=os.environ | paths,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())

    def build(self, build: Callable[[], Any]) -> None:
        """Have the process build the object; one :meth:`result` must follow.

        Args:
            build: Returns the object; must be picklable.
        """
        self.submit(_build, build, torch.get_num_threads(), torch.initial_seed())

    def submit(self, function: Callable[..., Any], *args: Any) -> None:
        """Have the process call ``function(object, *args)``; one :meth:`result` must follow."""
        try:
            self._connection.send_bytes(pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL))
        except OSError:
            raise self._ended() from None

    def result(self) -> Any:
        """Wait for the call and return what it returned.

        Raises:
            LearnerProcessError: If the process has ended.
            Exception: Whatever the function raised; a mistake of the code as a ``RuntimeError`` with its traceback.
        """
        try:
            succeeded, value = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError):
            raise self._ended() from None
        if not succeeded:
            raise value
        return value

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Submit a call and wait for it."""
        self.submit(function, *args)
        return self.result()

    def _ended(self) -> LearnerProcessError:
        code = self._process.wait()
        why = f"with {code}" if code >= 0 else f"by signal {-code} (9: memory ran out, or somebody ended it)"
        return LearnerProcessError(
            f"The process that takes the gradient steps ended {why}. Go on from the newest checkpoint with"
            " --checkpoint latest; agent.algorithm.overlap_learning=false learns in the process of the environments."
        )


_started: list[LearnerProcess] = []
"""Processes that wait for their learner."""


def start_ahead(*modules: str) -> None:
    """Start a process for the learner to come, which then need not wait for its imports."""
    _started.append(LearnerProcess(*modules))


def take_process(*modules: str) -> LearnerProcess:
    """Return a process that was started ahead, else start one."""
    return _started.pop() if _started else LearnerProcess(*modules)


def _build(_: None, build: Callable[[], Any], num_threads: int, seed: int) -> Any:
    """Build the object with as many threads as the process that asks has, and random numbers of its own."""
    torch.set_num_threads(num_threads)
    torch.manual_seed(derive(seed, Purpose.LEARNER_PROCESS))
    return build()


def _answer(connection: Connection, resident: Any) -> Any:
    """Make one call and send what it returned; return the object, which the first call builds."""
    function, args = pickle.loads(connection.recv_bytes())
    try:
        value = function(resident, *args)
        reply = True, (None if function is _build else value)
    except Exception as error:
        value = None
        reply = (
            False,
            error if isinstance(error, UserError) else RuntimeError(f"The learner failed.\n{traceback.format_exc()}"),
        )
    connection.send_bytes(pickle.dumps(reply, pickle.HIGHEST_PROTOCOL))
    return value if function is _build else resident


def serve(file_descriptor: int, modules: tuple[str, ...]) -> None:
    """Import modules and answer what comes through a socket until nobody asks; the life of the process."""
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to a whole job; the learner is needed until all is saved
        signal.signal(number, signal.SIG_IGN)
    for module in modules:
        importlib.import_module(module)
    resident = None
    with Connection(file_descriptor) as connection:
        while True:
            try:
                resident = _answer(connection, resident)
            except (EOFError, OSError):
                return
