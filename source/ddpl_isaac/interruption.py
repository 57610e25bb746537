# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""How a script ends when it is asked to, by SIGINT (Ctrl-C) or SIGTERM (Slurm, torchrun, Docker).

A thread takes the signals, which the interpreter hands on at once even in the middle of a long call. Exceptions would
not do: simulators and libraries swallow them in callbacks, and some put handlers of their own in the place of ours.
Nothing here imports torch, so that a script can call :func:`watch` in its first line.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

GRACE = 20.0
"""Time that a script started by :func:`call` has to finish what it does [s]."""

_TEARDOWN = 10.0
"""Time that the system has to end a process that was killed [s]."""

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl

_watching = _stopping = False
_read = -1
_requests: list[Callable[[], str]] = []
_cleaners: dict[object, Callable[[], None]] = {}
_scripts: dict[int, None] = {}


def watch() -> None:
    """Have signals end this process from now on. Call it again after imports that may have put in their own handlers.

    Only the main thread may call it.
    """
    global _watching, _read
    if not _watching:
        _watching = True
        _read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        os.register_at_fork(after_in_child=_leave_to_the_system)
        threading.Thread(target=_answer, daemon=True, name="interruption").start()
    for number in _SIGNALS:
        signal.signal(number, _noted)


def watch_again() -> None:
    """Take back handlers that a library may have replaced, if this process watches."""
    if _watching and threading.current_thread() is threading.main_thread():
        watch()


@contextmanager
def finishing(request: Callable[[], str], last_words: Callable[[], str]) -> Generator[None]:
    """Let the first signal be a request, which the code inside answers by coming to an end; the next one is an order.

    Args:
        request: Called by another thread at the first signal; returns what to print.
        last_words: What to print at the next one.
    """
    _requests[:] = [last_words, request]
    try:
        yield
    finally:
        _requests.clear()


@contextmanager
def cleaned_up(clean: Callable[[], None]) -> Generator[None]:
    """Call a function at the end, also if this process is stopped inside."""
    key = object()
    _cleaners[key] = clean
    try:
        yield
    finally:
        _cleaners.pop(key)()


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """Yield a path to write to, which takes the place of the given one at the end; nothing is left of half a file."""
    temporary = path.with_name(f".{path.stem}.tmp{path.suffix}")  # whoever writes may look at the suffix
    with cleaned_up(partial(temporary.unlink, missing_ok=True)):
        yield temporary
        os.replace(temporary, path)


@contextmanager
def whole_files(directory: Path) -> Generator[Path]:
    """Yield a directory to write files to, which join those of the given one at the end."""
    temporary = directory.with_name(f".{directory.name}.tmp")
    with cleaned_up(partial(shutil.rmtree, temporary, ignore_errors=True)):
        temporary.mkdir(parents=True, exist_ok=True)
        yield temporary
        directory.mkdir(exist_ok=True)
        for file in temporary.iterdir():
            os.replace(file, directory / file.name)


def call(command: Sequence[str], **how: Any) -> int:
    """Run a script and return its status; a signal to this process reaches it once, and it may finish what it does.

    Args:
        command: Command line.
        how: Arguments of :class:`subprocess.Popen`.
    """
    if _stopping:
        threading.Event().wait()
    # a session of its own: a signal to the whole group would reach it twice, which means at once
    how |= {"stdin": subprocess.DEVNULL, "start_new_session": True, "preexec_fn": _end_with_parent}
    process = subprocess.Popen(command, **how)
    _scripts[process.pid] = None
    try:
        status = process.wait()
    finally:
        del _scripts[process.pid]
    if _stopping:  # nobody is to take the end of the script for its result
        threading.Event().wait()
    return status


def _end_with_parent() -> None:
    """Have the system ask this process to end when its parent is gone, for example killed."""
    _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM), 0, 0, 0)


def end_scripts() -> None:
    """Ask all scripts to end, and wait until they have, though not for ever."""
    asked, end = list(_scripts), time.monotonic() + GRACE
    for pid in asked:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    while any(map(_runs, asked)) and time.monotonic() < end:
        if _stopping and select.select([_read], [], [], 0.02)[0]:
            return  # a signal once more
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    """Tell whether a child has not ended, and leave its status to whoever waits for it."""
    with contextlib.suppress(ChildProcessError):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    return False


def _stop(number: int, said: str) -> None:
    """End this process and all that it started, with the status that shells give to the signal."""
    global _stopping
    _stopping = True
    signal.raise_signal(number)  # the main thread parks at its next step, before it sees what happens to the others
    os.read(_read, 1)
    os.write(2, f"Stopped by {signal.Signals(number).name}.{said and f' {said}'}\n".encode())
    for act in (end_scripts, _kill_descendants, *_cleaners.values()):
        with contextlib.suppress(Exception):
            act()
    os._exit(128 + number)


def _noted(number: int, _: object) -> None:  # noqa: ARG001, what Python calls handlers with
    """Do nothing, as the thread has the number already; at the end of the process for ever."""
    if _stopping:
        threading.Event().wait()


def _leave_to_the_system() -> None:
    """Let signals end a fork of this process as they would end any other; whoever is asked is its parent."""
    global _watching
    _watching = False
    _requests.clear()
    _cleaners.clear()
    _scripts.clear()
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        if signal.getsignal(number) is _noted:
            signal.signal(number, signal.SIG_DFL)


def _answer() -> None:
    """Answer signals; the life of the thread."""
    while True:
        for number in os.read(_read, 64):
            if number not in _SIGNALS:
                continue
            said = ""
            with contextlib.suppress(IndexError):
                said = _requests.pop()()
            if not _requests:
                _stop(number, said)
            os.write(2, f"{said}\n".encode())


def _kill_descendants() -> None:
    """Kill all processes that this one and its children started, and wait until they hold nothing any more."""
    killed, end = _descendants(), time.monotonic() + _TEARDOWN
    for pid in killed:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    # the system may take a while to give back memory, files and devices
    while any(_stat(pid) for pid in killed) and time.monotonic() < end:
        time.sleep(0.01)


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process that has not ended: its state, its parent and more; else nothing."""
    with contextlib.suppress(OSError):
        # the name of the program, in parentheses, may hold anything
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return [] if stat[0] in "ZX" else stat
    return []


def _descendants() -> list[int]:
    """Return the processes that this one and its children started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if stat := _stat(int(entry.name)):
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
