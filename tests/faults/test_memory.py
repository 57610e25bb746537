# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A long training does not eat the memory of the machine."""

import os
import signal
import time
from pathlib import Path

import pytest
from training import iterations_done, start

MINUTE = 60.0


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def mean_memory(process, minutes):
    """Mean of a sample per second, so that the instant within an iteration does not matter."""
    samples = []
    end = time.monotonic() + minutes * MINUTE
    while time.monotonic() < end:
        assert process.is_alive()
        samples.append(resident_bytes(process.pid))
        time.sleep(1.0)
    return sum(samples) / len(samples)


@pytest.mark.slow
def test_after_half_an_hour_the_memory_grows_by_less_than_a_hundredth_in_ten_minutes(tmp_path):
    output = tmp_path / "output.txt"
    process = start(tmp_path, output, "--max_iterations", "100000000", "agent.save_interval=1000")
    try:
        time.sleep(29.0 * MINUTE)
        before = mean_memory(process, 1.0)
        time.sleep(9.0 * MINUTE)
        after = mean_memory(process, 1.0)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    print(f"{before / 2**20:.1f} MiB, {after / 2**20:.1f} MiB, {iterations_done(output)[-1]} iterations")
    assert after < 1.01 * before
