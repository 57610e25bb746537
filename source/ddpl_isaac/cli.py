# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the scripts share: their arguments, and errors that end in one line."""

from __future__ import annotations

import argparse
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from ddpl_isaac.config.flags import fields_as_flags
from ddpl_isaac.envs.registry import find_source
from ddpl_isaac.envs.source import EnvSource
from ddpl_isaac.errors import DISK_REFUSES, ConfigError, end_on_user_error, nearest

ENV_TOKENS = ("env.", "physics=", "renderer=", "presets=")
"""How a token begins that concerns the environment."""


class Flags(argparse.Namespace):
    """Flags as the user gave them; nobody writes into them."""

    def __init__(self, **values: Any) -> None:
        """Keep the values."""
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: whoever needs another value makes other flags."""
        raise AttributeError(f"The flag '{name}' is what the user gave; make other flags by but({name}={value!r}).")

    def but(self, **changes: Any) -> Flags:
        """Return flags with other values."""
        return Flags(**{**vars(self), **changes})


@dataclass(frozen=True)
class CommandLine:
    """A parsed command line."""

    args: Flags
    """Flags, those of Isaac Lab's launcher included."""

    env: tuple[str, ...]
    """Tokens ``env.field=value``, ``physics=``, ``renderer=`` and ``presets=``."""

    agent: tuple[str, ...]
    """Tokens ``agent.field=value``."""

    source: EnvSource
    """Where the environment comes from."""


class Parser(argparse.ArgumentParser):
    """A parser that accepts no abbreviations and whose errors are a single line."""

    def __init__(self, description: str) -> None:
        """Create a parser with the flags that all scripts have."""
        super().__init__(
            description=description,
            allow_abbrev=False,
            epilog="Settings: agent.field=value (config/ddpl.yaml lists the fields), env.field=value, physics=NAME,"
            " presets=NAME[,NAME].",
        )
        self.add_argument("--task", required=True, help="Id of the task: DDPL-Shadow-Hands, DDPL-Cart-Pendulum, ...")
        self.add_argument("--num_envs", type=int, help="Number of parallel environments.")
        self.add_argument("--seed", type=int, help="Seed of all random generators.")

    def error(self, message: str) -> NoReturn:
        """Raise what :func:`end_on_user_error` prints."""
        raise ConfigError(f"{message[0].upper()}{message[1:]}. --help lists all arguments.")

    def add_video_args(self) -> None:
        """Add the flags of video recording."""
        self.add_argument("--video", action="store_true", help="Record videos into <run>/videos.")
        self.add_argument("--video_length", type=int, help="Steps of a clip.")
        self.add_argument("--video_interval", type=int, help="Steps from the start of a clip to the next one.")

    def parse(self, argv: list[str] | None = None) -> CommandLine:
        """Parse the arguments, with those of Isaac Lab's launcher unless the task needs no simulator.

        Raises:
            ConfigError: If an argument is unknown or malformed.
        """
        argv = sys.argv[1:] if argv is None else argv
        source = find_source(_task_of(argv))
        source.add_flags(self)
        args, rest = self.parse_known_args(argv)
        for token in rest:
            if not token.startswith((*ENV_TOKENS, "agent.")):
                raise ConfigError(self._unknown(token))
        # Isaac Lab's --device has a default and marks whether it was given
        device = args.device if getattr(args, "device_explicit", True) else None
        flags = Flags(**{"video": False, **vars(args), "device": device})
        env = [token for token in rest if token.startswith(ENV_TOKENS)]
        agent = tuple(token for token in rest if token.startswith("agent."))
        return CommandLine(
            flags.but(**fields_as_flags(flags, env, agent, source.flag_fields)),
            tuple(token for token in env if token.partition("=")[0] not in source.flag_fields.values()),
            agent,
            source,
        )

    def _unknown(self, token: str) -> str:
        flag = token.partition("=")[0]
        known = [option for action in self._actions for option in action.option_strings]
        closest = nearest(flag, known if token.startswith("-") else (*(t.rstrip("=") for t in ENV_TOKENS), "agent."))
        hint = f"did you mean '{closest[0]}'?" if closest else "settings have the form agent.field=value."
        return f"Unknown argument '{token}'; {hint}"


def _task_of(argv: list[str]) -> str | None:
    """Return the id of the task before the flags are known, which depend on it."""
    parser = Parser.__new__(Parser)
    argparse.ArgumentParser.__init__(parser, add_help=False, allow_abbrev=False)
    parser.add_argument("--task")
    return parser.parse_known_args(argv)[0].task


def _leave_disks_to_the_main_thread(failure: threading.ExceptHookArgs) -> None:
    """Print how a thread failed, unless a disk is full: TensorBoard's thread has the main thread raise that too."""
    if not (isinstance(failure.exc_value, OSError) and failure.exc_value.errno in DISK_REFUSES):
        threading.__excepthook__(failure)


def run(workflow: Callable[[CommandLine], None], parser: Parser) -> None:
    """Parse the command line and hand it to a workflow."""
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # says at every start that there is no GPU
    threading.excepthook = _leave_disks_to_the_main_thread
    with end_on_user_error():
        command = parser.parse()
        workflow(command)
