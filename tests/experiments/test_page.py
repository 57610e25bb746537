# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The page of an evaluation holds everything itself, and counts modes as one sees them."""

import numpy as np
import re
import torch
from html.parser import HTMLParser

import pytest
from fakes import FakeEnv

from ddpl_isaac.experiments.page import DRAWS, draw_actions, num_modes, write_page
from ddpl_isaac.runners.evaluator import EvaluationResult

RNG = np.random.default_rng(0)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f" {data}"


@pytest.mark.parametrize(
    ("centers", "expected"), [([0.0], 1), ([-0.7, 0.7], 2), ([-0.8, 0.0, 0.8], 3), ([-1.0], 1), ([-0.05, 0.05], 1)]
)
def test_modes_are_counted(centers, expected):
    values = np.concatenate([RNG.normal(center, 0.08, 2000) for center in centers]).clip(-1.0, 1.0)
    assert num_modes(values, -1.0, 1.0) == expected


def test_a_flat_distribution_has_no_several_modes():
    assert num_modes(RNG.uniform(-1.0, 1.0, 2048), -1.0, 1.0) == 1


def test_all_draws_are_made_at_the_observation_of_one_environment():
    def echo(obs):
        return obs["cart"][:, :3]

    env = FakeEnv()
    env.step(torch.zeros(4, 3))
    assert (draw_actions(echo, env.get_observations(), env=2) == [2.0, 0.0, 1.0]).all()


def test_the_page_refers_to_nothing_outside_and_shows_every_agent(tmp_path):
    (tmp_path / "run" / "videos" / "play").mkdir(parents=True)
    (tmp_path / "run" / "videos" / "play" / "clip.mp4").write_bytes(b"moving")
    results = [
        EvaluationResult("Fake<v0>", label, 1, 4, {"return": np.array([1.0, 2.0])}) for label in ("EMA", "latest")
    ]
    page = tmp_path / "deep" / "page.html"
    actions = RNG.uniform(-0.5, 0.5, (DRAWS, 3))
    write_page(page, results, FakeEnv().agents, actions, tmp_path / "run", title="Fake<v0>")
    reader = Reader()
    reader.feed(page.read_text())
    sources = [attrs[name] for _, attrs in reader.tags for name in ("src", "href") if name in attrs]
    assert len(sources) == 3
    assert all(source.startswith("data:") for source in sources)
    assert ("video", "data:video/mp4;base64,bW92aW5n") in [(tag, attrs.get("src")) for tag, attrs in reader.tags]
    assert [tag for tag, _ in reader.tags].count("tr") == 3
    for text in ("Fake<v0>", "EMA", "latest", "cart", "pole", "1.50 ["):
        assert text in reader.text
    assert "The run has no curves" in reader.text
    assert not re.search(r"https?://", page.read_text())
