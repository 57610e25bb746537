# Copyright (c) 2026, The ddpl_isaac Developers
#
# SPDX-License-Identifier: BSD-3-Clause

"""The documents build as a site, and their links and those of the README lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OUTSIDE_THE_SITE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docker" / "README.md"]


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", OUTSIDE_THE_SITE, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        if "://" in link or not path:
            continue
        target = page.parent / path
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; any warning, of a link or of a missing page, ends the build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder


def test_the_navigation_leads_to_every_page(site):
    index = (site / "index.html").read_text()
    pages = [page.relative_to(ROOT / "docs").with_suffix("") for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page.name != "index" and f'href="{page}/"' not in index] == []


def test_the_reference_shows_docstrings_without_roles(site):
    reference = (site / "api" / "index.html").read_text()
    assert "Spearman" in reference
    assert not re.search(r":(class|func|meth|mod|data|attr):<code>", reference)


def test_the_sections_of_the_method_that_the_code_cites_are_there():
    sections = set(re.findall(r"^## (\d+)\.", (ROOT / "docs" / "method.md").read_text(), re.MULTILINE))
    files = [
        path for folder in ("source", "config", "scripts", "tests", "benchmarks") for path in (ROOT / folder).rglob("*")
    ]
    cited = {
        (str(path.relative_to(ROOT)), section)
        for path in files
        if path.suffix in {".py", ".yaml"}
        for run in re.findall(r"method\.md ((?:§\d+(?:, )?)+)", path.read_text())
        for section in re.findall(r"\d+", run)
    }
    assert len(cited) > 20
    assert [(path, section) for path, section in sorted(cited) if section not in sections] == []
