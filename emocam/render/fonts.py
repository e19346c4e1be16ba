"""Letters for any script: a font that came with the installation, else one of the system's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

_NO_CHARACTER = "\U0010ffff"  # never assigned, so every font draws its sign for a missing glyph
_SYSTEM_FONTS = {
    "darwin": (
        "/System/Library/Fonts/ヒラギノ角ゴシック W4.ttc",
        "/System/Library/Fonts/AppleSDGothicNeo.ttc",
        "/System/Library/Fonts/PingFang.ttc",
        "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    ),
    "win32": tuple(
        f"C:/Windows/Fonts/{name}"
        for name in ("YuGothM.ttc", "msyh.ttc", "malgun.ttf", "Nirmala.ttf", "seguisym.ttf")
    ),
}


def text_runs(text: str, bold: bool) -> list[tuple[str, str]]:
    """Split a text into pieces that one font can draw.

    Parameters
    ----------
    text
        One line. A character that no font here has becomes its code (`\\u559c`), since an empty
        box would make all such labels look alike.
    bold
        Whether the installation's own font is the bold one.

    Returns
    -------
    Pairs of a piece and the path of its font, in order.
    """
    chosen = [_for_character(character, bold) for character in text]
    return [
        ("".join(drawn for drawn, _ in pieces), path)
        for path, pieces in groupby(chosen, key=lambda one: one[1])
    ]


@lru_cache(maxsize=64)
def open_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size in pixels."""
    # The basic layout needs no library of the system, so text looks the same everywhere.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def own_font(bold: bool) -> str:
    """Path of DejaVu Sans, which matplotlib's wheel carries (found without importing it)."""
    spec = find_spec("matplotlib")
    folders = (spec.submodule_search_locations if spec else None) or []
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    for folder in folders:
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / name
        if path.exists():
            return str(path)
    return name  # Pillow then looks for it among the system's fonts


@lru_cache(maxsize=1024)
def _for_character(character: str, bold: bool) -> tuple[str, str]:
    own = own_font(bold)
    if _has_glyph(own, character):
        return character, own
    for path in _system_fonts(character):
        if _has_glyph(path, character):
            return character, path
    return character.encode("unicode_escape").decode("ascii"), own


def _has_glyph(path: str, character: str) -> bool:
    if character.isspace():
        return True
    font = open_font(path, 24)
    missing, glyph = font.getmask(_NO_CHARACTER), font.getmask(character)
    return (glyph.size, bytes(glyph)) != (missing.size, bytes(missing))


def _system_fonts(character: str) -> list[str]:
    matcher = shutil.which("fc-match")
    if matcher:
        charset = f":charset={ord(character):x}"
        found = subprocess.run(
            [matcher, "--sort", "--format", "%{file}\\n", charset],
            capture_output=True, text=True, check=False, timeout=10,
        )  # fmt: skip
        candidates = found.stdout.splitlines()[:8]
    else:
        candidates = list(_SYSTEM_FONTS.get(sys.platform, ()))
    return [path for path in candidates if path.endswith((".ttf", ".ttc", ".otf", ".TTF"))
            and Path(path).exists()]  # fmt: skip
