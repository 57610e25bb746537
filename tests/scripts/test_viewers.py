# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What viewers show of a playback: viser's page in a headless Chromium, and what rerun's server receives."""

import numpy as np
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDS = "DDPL-Shadow-Hands"
SOFTWARE_RENDERING = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def script(name, *arguments):
    return [sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--task", HANDS, *arguments]


@pytest.fixture
def played(tmp_path):
    """Directory with the run of a short training."""
    small = ["--num_envs", "4", "--max_iterations", "1", "agent.algorithm.replay.capacity=2000"]
    train = script("train", *small, "agent.algorithm.compile=eager")
    subprocess.run(train, cwd=tmp_path, check=True, timeout=600, stdin=subprocess.DEVNULL)
    return tmp_path


@pytest.mark.slow
def test_the_browser_shows_the_hands_and_the_balls(played):
    pytest.importorskip("viser")
    playwright = pytest.importorskip("playwright.sync_api")
    imageio = pytest.importorskip("imageio.v3")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium")
    play = script("play", "--num_envs", "1", "--viz", "viser", "--num_steps", "100000")
    viewer = subprocess.Popen(play, cwd=played, stdin=subprocess.DEVNULL)
    # kept as an artefact where CI says so
    picture = Path(os.environ.get("DDPL_ARTEFACTS", played)) / "viser.png"
    try:
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=SOFTWARE_RENDERING)
            page = browser.new_page(viewport={"width": 900, "height": 600})
            end = time.monotonic() + 240
            shown = {"gray": 0.0, "purple": 0.0, "yellow": 0.0}
            while min(shown.values()) < 1e-3 and time.monotonic() < end:
                assert viewer.poll() is None
                try:
                    if page.url == "about:blank":
                        page.goto("http://localhost:8080", timeout=10_000)
                    time.sleep(5.0)
                    page.screenshot(path=str(picture), timeout=60_000)
                except playwright.Error:  # the server is not up yet
                    time.sleep(2.0)
                    continue
                shown = shares_of_colours(imageio.imread(picture)[..., :3].astype(int))
            browser.close()
    finally:
        viewer.kill()  # the simulator leaves a polite request unanswered
        viewer.wait(60)
    assert shown["gray"] > 1e-2, f"no hands in {picture}: {shown}"
    assert shown["purple"] > 1e-3, f"no ball in {picture}: {shown}"
    assert shown["yellow"] > 1e-3, f"no target in {picture}: {shown}"


@pytest.mark.slow
def test_rerun_receives_every_shape_of_the_hands_in_every_step(played):
    # its page draws too slowly without a GPU to be looked at: a server in its place keeps what a playback sends
    pytest.importorskip("rerun")
    rerun, recording, steps = shutil.which("rerun"), played / "recording.rrd", 30
    save = [rerun, "--save", str(recording), "--port", "9876"]
    server = subprocess.Popen(save, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(5.0)
        assert server.poll() is None
        play = script("play", "--num_envs", "1", "--viz", "rerun", "--num_steps", str(steps))
        subprocess.run(play, cwd=played, check=True, timeout=600, stdin=subprocess.DEVNULL)
        time.sleep(5.0)
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # the command only starts the server
        server.wait(60)
    command = [rerun, "rrd", "stats", str(recording)]
    stats = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    messages = {name: int(count) for name, count in re.findall(r"^(/\S+): (\d+)$", stats, re.MULTILINE)}
    geometries = [name for name in messages if name.startswith("/geometry/")]
    poses = [count for name, count in messages.items() if name.startswith("/model/shapes/")]
    markers = [count for name, count in messages.items() if name.endswith("/goal")]
    assert min(len(geometries), len(poses)) >= 40, stats  # two hands of more than twenty bodies each, and the ball
    assert min(poses) >= steps
    assert max(markers) >= steps


def shares_of_colours(pixels):
    """Return the shares of the pixels that are dark gray, purple and yellow. Shape: (height, width, 3)."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    spread = pixels.max(-1) - pixels.min(-1)
    return {
        "gray": float(((spread < 12) & (pixels.max(-1) < 130)).mean()),
        "purple": float(((blue > green + 40) & (red > green + 15)).mean()),
        "yellow": float(((red > blue + 60) & (green > blue + 60)).mean()),
    }
