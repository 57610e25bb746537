# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""A method looks the same in every figure, and a figure can be drawn again from its CSV."""

import numpy as np
import runpy
import sys
from pathlib import Path

import pytest

from ddpl_isaac.experiments.figure import line_of, read_csv, write_csv
from ddpl_isaac.experiments.method_style import METHOD_STYLES, method_styles
from ddpl_isaac.experiments.run_curves import Curve, ReportError

SCRIPT = Path(__file__).parents[2] / "scripts" / "plot.py"


def _looks(styles):
    return {label: (style.color, style.dashes) for label, style in styles.items()}


class TestStyles:
    """Colour, line style and order."""

    def test_no_two_methods_share_a_colour_or_a_line_style(self):
        assert len({style.color for style in METHOD_STYLES.values()}) == len(METHOD_STYLES)
        assert len({style.dashes for style in METHOD_STYLES.values()}) == len(METHOD_STYLES)

    def test_a_variant_looks_like_its_method_and_the_order_is_that_of_the_methods(self):
        styles = method_styles([["MAPPO"], ["ideal small", "DDPL"]])
        assert list(styles) == ["DDPL", "MAPPO", "ideal small"]
        assert styles["DDPL"] == METHOD_STYLES["diffusion"]
        assert styles["ideal small"].name == "ideal (particles), small"
        assert styles["ideal small"].color == METHOD_STYLES["ideal"].color

    def test_variants_of_a_method_in_one_panel_look_different_from_each_other_and_from_other_methods(self):
        labels = ["diffusion", "diffusion a", "diffusion b", "MAPPO"]
        assert len(set(_looks(method_styles([labels])).values())) == len(labels)

    def test_variants_in_different_panels_share_the_entry_of_their_method(self):
        styles = method_styles([["diffusion"], ["diffusion without-rho"]])
        assert set(styles.values()) == {METHOD_STYLES["diffusion"]}

    def test_labels_that_are_no_methods_look_different(self):
        assert len(set(_looks(method_styles([["A", "B", "C"]])).values())) == 3


class TestCsv:
    """What a figure shows, as a file."""

    def test_lines_come_back(self, tmp_path: Path):
        steps = np.array([0.0, 10.0])
        line = line_of([Curve(steps, np.array([1.0, 2.0])), Curve(steps, np.array([3.0, 4.0]))])
        write_csv({"task": {"MAPPO": line}}, tmp_path / "a.csv")
        found = read_csv(tmp_path / "a.csv")["task"]["MAPPO"]
        assert found.num_seeds == 2
        for name in ("x", "value", "low", "high"):
            assert getattr(found, name) == pytest.approx(getattr(line, name))

    def test_other_files_are_refused(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("a,b\n1,2\n")
        with pytest.raises(ReportError, match="Expected the columns"):
            read_csv(tmp_path / "a.csv")
        with pytest.raises(ReportError, match="cannot be read"):
            read_csv(tmp_path / "nothing.csv")

    def test_the_script_draws_a_csv_and_writes_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        rows = ["panel,method,seeds,x,value,low,high", ",MAPPO,1,0,1,,", ",MAPPO,1,5,2,,"]
        (tmp_path / "a.csv").write_text("\n".join(rows))
        command = ["plot.py", "--csv", "a.csv", "--output", "a.png", "--save_csv", "b.csv"]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", command)
        runpy.run_path(str(SCRIPT), run_name="__main__")
        assert Path("a.png").stat().st_size > 0
        assert Path("b.csv").read_text().splitlines()[2] == ",MAPPO,1,5,2,2,2"
