# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""What a browser shows of a playback, by a headless Chromium. Needs viewer, playwright and a Chromium of the system."""

import numpy as np
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDS = "DDPL-Shadow-Hands"
ADDRESSES = {
    "viser": "http://localhost:8080",
    "rerun": "http://127.0.0.1:9090/?url=rerun%2Bhttp://127.0.0.1:9876/proxy",
}
SOFTWARE_RENDERING = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def script(name, *arguments):
    return [sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--task", HANDS, *arguments]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "address"), ADDRESSES.items())
def test_the_browser_shows_the_hands_and_the_balls(tmp_path, name, address):
    pytest.importorskip(name)
    playwright = pytest.importorskip("playwright.sync_api")
    imageio = pytest.importorskip("imageio.v3")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium")
    small = ["--num_envs", "4", "--max_iterations", "1", "agent.algorithm.replay.capacity=2000"]
    train = script("train", *small, "agent.algorithm.sampler.compile=eager")
    subprocess.run(train, cwd=tmp_path, check=True, timeout=600, stdin=subprocess.DEVNULL)
    play = script("play", "--num_envs", "1", "--viz", name, "--num_steps", "100000")
    viewer = subprocess.Popen(play, cwd=tmp_path, stdin=subprocess.DEVNULL)
    # kept as an artefact where CI says so
    picture = Path(os.environ.get("DDPL_ARTEFACTS", tmp_path)) / f"{name}.png"
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
                        page.goto(address, timeout=10_000)
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


def shares_of_colours(pixels):
    """Return the shares of the pixels that are dark gray, purple and yellow. Shape: (height, width, 3)."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    spread = pixels.max(-1) - pixels.min(-1)
    return {
        "gray": float(((spread < 12) & (pixels.max(-1) < 130)).mean()),
        "purple": float(((blue > green + 40) & (red > green + 15)).mean()),
        "yellow": float(((red > blue + 60) & (green > blue + 60)).mean()),
    }
