"""Caches lie where each system wants them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from emocam import __version__
from emocam.doctor import font_list_folder
from emocam.training.cache import cache_folder


@pytest.mark.parametrize(
    ("system", "caches", "fonts"),
    [
        ("linux", ".cache", ".cache/matplotlib"),
        ("freebsd14", ".cache", ".cache/matplotlib"),
        ("darwin", "Library/Caches", ".matplotlib"),
        ("win32", "AppData/Local", ".matplotlib"),
    ],
)
def test_each_system_has_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, caches: str, fonts: str
) -> None:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", system)
    assert cache_folder() == tmp_path / caches / "emocam" / __version__
    assert font_list_folder() == tmp_path / fonts


def test_it_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c" / "emocam" / __version__
    assert font_list_folder() == tmp_path / "c" / "matplotlib"
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "m"))
    assert font_list_folder() == tmp_path / "m"


def test_the_list_of_fonts_is_where_matplotlib_says() -> None:
    import matplotlib as mpl

    assert font_list_folder().resolve() == Path(mpl.get_cachedir()).resolve()
