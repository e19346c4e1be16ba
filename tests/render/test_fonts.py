from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emocam
from emocam.render import fonts
from emocam.render.fonts import own_font, text_runs
from emocam.render.overlay import Overlay
from emocam.render.sprites import Text, fit_text, make_text, one_line
from emocam.types import Face, Reading


def test_the_installation_carries_its_font() -> None:
    for bold in (False, True):
        assert Path(own_font(bold)).is_file()
    assert own_font(False) != own_font(True)


def test_the_font_comes_with_the_package_and_its_licence() -> None:
    folder = Path(own_font(False)).parent
    assert folder.is_relative_to(Path(emocam.__file__).parent)
    assert "Bitstream Vera" in (folder / "LICENSE_DEJAVU").read_text(encoding="utf-8")


def test_no_font_is_searched_while_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts._for_character.cache_clear()
    overlay = Overlay(["喜", "怒"])

    def fail(character: str) -> list[str]:
        raise AssertionError(f"searched a font for {character}")

    monkeypatch.setattr(fonts, "_system_fonts", fail)
    picture = np.zeros((200, 200, 3), np.uint8)
    happy = Reading(Face((60, 60, 140, 140)), "喜", 0.9, 0, (0.9, 0.1), ("喜", "怒"))
    assert overlay.draw(picture, [happy], time_s=0.0).any()


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
