"""The documentation's pages, and the command blocks in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("*/*/*.md"))
    if not any(part.startswith((".", "node_modules", "build")) for part in path.parts[-3:])
)


def blocks(page: Path, language: str) -> list[str]:
    """The page's code blocks of a language."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def command_lines(page: Path) -> list[str]:
    """The `emocam` lines of a page's console blocks."""
    return [
        line.strip()
        for block in blocks(page, "console")
        for line in re.split(r"\n|&&", block.replace("\\\n", " "))
        if re.match(r"\s*emocam\b", line)
    ]
