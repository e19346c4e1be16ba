from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emocam.render import fonts
from emocam.render.fonts import own_font, text_runs
from emocam.render.sprites import Text, fit_text, make_text, one_line


def test_the_installation_carries_its_font() -> None:
    for bold in (False, True):
        assert Path(own_font(bold)).is_file()
    assert own_font(False) != own_font(True)


def test_matplotlib_is_not_imported_for_it() -> None:
    code = (
        "import sys; from emocam.render.fonts import own_font; own_font(False);"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", ["happy 87 %", "überrascht", "сердитый", "χαρά", "−30 s … ·"])
def test_common_scripts_come_from_one_font(text: str) -> None:
    assert text_runs(text, bold=False) == [(text, own_font(False))]


def test_a_character_that_no_font_has_is_told_by_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda character: [])
    fonts._for_character.cache_clear()
    assert text_runs("喜x", bold=False) == [("\\u559cx", own_font(False))]
    fonts._for_character.cache_clear()


def test_a_system_font_is_taken_where_it_has_the_character() -> None:
    runs = text_runs("a喜b", bold=False)
    joined = "".join(piece for piece, _ in runs)
    assert joined in ("a喜b", "a\\u559cb")  # the second where the system has no such font
    if joined == "a喜b":
        assert [piece for piece, _ in runs] == ["a", "喜", "b"]
        assert runs[0][1] == runs[2][1] == own_font(False) != runs[1][1]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\nb", "a b"),
        ("a\x1b[31mb", "a [31mb"),
        ("u\u0308ber", "über"),
        ("  a \t b ", "a b"),
        ("", ""),
    ],
)
def test_labels_become_one_plain_line(text: str, clean: str) -> None:
    assert one_line(text) == clean


@pytest.mark.parametrize("width", [30, 80, 200, 1000])
def test_text_is_made_to_fit(width: int) -> None:
    fitted = fit_text("a rather long label of somebody's own", width, 20)
    assert fitted.width <= width
    assert fitted.px <= 20


def test_a_sprite_is_as_wide_as_it_says_and_not_empty() -> None:
    text = Text("happy", 20)
    sprite = make_text(text)
    assert sprite.size_wh[0] == text.width
    assert (sprite.ink_bgr > 200).any()
    assert (sprite.clear[:, 0] == 255).mean() > 0.5  # nothing is cut off at the left
