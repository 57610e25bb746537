# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""Compiled kernels are kept where they can be written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from ddpl_isaac.runtime.caches import keep_kernels_where_writable


@pytest.fixture(autouse=True)
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process has chosen."""
    monkeypatch.setenv("WARP_CACHE_PATH", "")  # so that it is restored at the end
    monkeypatch.delenv("WARP_CACHE_PATH")


def test_kernels_go_to_a_directory_of_the_users_where_the_home_cannot_hold_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the place of the cache is as good as a home that is read-only, and root cannot write there either."""
    (tmp_path / "cache").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    keep_kernels_where_writable()
    assert os.environ["WARP_CACHE_PATH"] == f"{tempfile.gettempdir()}/warp_{os.getuid()}"


def test_a_cache_that_can_be_written_is_left_to_warp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most homes are like that, even if nothing was cached in them yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    keep_kernels_where_writable()
    assert "WARP_CACHE_PATH" not in os.environ


def test_the_users_choice_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not the cache could be written."""
    (tmp_path / "cache").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("WARP_CACHE_PATH", "/chosen")
    keep_kernels_where_writable()
    assert os.environ["WARP_CACHE_PATH"] == "/chosen"
