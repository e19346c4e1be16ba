"""Every link of every page leads somewhere, and every page is reached from the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(page: Path) -> list[str]:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    return _LINK.findall(text)


def anchors(page: Path) -> set[str]:
    """How GitHub names a page's headings."""
    found = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        if re.match(r"(https|mailto):", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.exists() and target.is_relative_to(ROOT)
        if not is_there or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_another() -> None:
    linked = {(page.parent / link.partition("#")[0]).resolve()
              for page in PAGES for link in links(page)}  # fmt: skip
    assert set((ROOT / "docs").glob("*.md")) <= linked


def test_every_picture_is_shown_somewhere() -> None:
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    # The study's figures are made as a set, of which its page shows some.
    images = {path for path in (ROOT / "docs/images").iterdir() if "study-" not in path.name}
    assert images <= shown


def test_the_readme_fits_a_screen_and_its_moving_picture_is_small() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70
    assert (ROOT / "docs" / "images" / "film.webp").stat().st_size < 3_000_000
