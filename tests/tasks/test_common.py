# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What the tasks share."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from ddpl_isaac.tasks.common import require_asset


@contextlib.contextmanager
def serving(folder: Path) -> Generator[str]:
    """Serve ``folder`` and yield its address."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args: object) -> None:
            """Keep the output clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def test_assets_that_are_there_pass(tmp_path: Path):
    (tmp_path / "hand.usd").touch()
    require_asset(str(tmp_path / "hand.usd"))
    with serving(tmp_path) as address:
        require_asset(f"{address}/hand.usd")


def test_a_missing_file_is_named_with_the_way_out(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"hand\.usd.*out of reach.*presets=nucleus"):
        require_asset(str(tmp_path / "hand.usd"))
    with serving(tmp_path) as address, pytest.raises(FileNotFoundError, match="404"):
        require_asset(f"{address}/hand.usd")


def test_a_silent_server_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(FileNotFoundError, match="timed out"):
        require_asset(f"http://127.0.0.1:{server.getsockname()[1]}/hand.usd", timeout=0.2)
