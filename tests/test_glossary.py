"""The glossary leads to what it names."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_every_file_that_the_glossary_links_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / "glossary.md").read_text(encoding="utf-8"))
    assert len(links) > 30
    assert [link for link in links if not (DOCS / link).is_file()] == []
