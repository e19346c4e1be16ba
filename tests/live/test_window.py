from __future__ import annotations

import sys

import pytest

from emocam.live import window
from emocam.live.window import WindowProbe, can_show_windows, first_size, key_name


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (-1, ""),
        (ord("q"), "q"),
        (ord("Q"), "q"),  # with Shift or Caps Lock
        (0x100000 | ord("m"), "m"),  # GTK with Num Lock
        (0x20000 | ord("M"), "m"),  # GTK with Caps Lock
        (32, "space"),
        (27, "escape"),
        (0x100000 | 27, "escape"),
        (13, "enter"),
        (10, "enter"),
        (9, "tab"),
        (8, "backspace"),
        (ord("7"), "7"),
        (ord("?"), "?"),
        (0xFF51, ""),  # left arrow under X11; its lowest byte is Q
        (0xFF53, ""),  # right arrow; S
        (0xFF52, ""),  # up; R
        (0xFFE1, ""),  # Shift alone
        (0x250000, ""),  # left arrow in Windows
        (63234, ""),  # left arrow in macOS
        (0, ""),
    ],
)
def test_keys_have_names(code: int, name: str) -> None:
    assert key_name(code) == name


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ((320, 240), (640, 480)),
        ((640, 480), (640, 480)),
        ((1280, 720), (1280, 720)),
        ((3840, 2160), (1422, 800)),
        ((1080, 1920), (450, 800)),
        ((2, 2000), (1, 800)),
    ],
)
def test_a_new_window_is_neither_a_stamp_nor_larger_than_a_screen(
    given: tuple[int, int], size: tuple[int, int]
) -> None:
    assert first_size(*given) == size


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X11")
def test_without_a_display_no_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")  # Qt's plugin for it is not there
    monkeypatch.setattr(window.subprocess, "Popen", None)
    assert not can_show_windows()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about X11")
def test_a_display_that_does_not_answer_ends_the_child_not_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    assert not can_show_windows()


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    monkeypatch.setattr(window, "_PROBE", "import time; time.sleep(60)")
    monkeypatch.setattr(window, "_PROBE_TIMEOUT_S", 0.1)
    probe = WindowProbe()
    assert probe.result() is False
    assert probe._child is not None
    assert probe._child.returncode is not None


def test_the_child_ends_with_its_block_however_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    monkeypatch.setattr(window, "_PROBE", "import time; time.sleep(60)")
    probe = WindowProbe()
    with pytest.raises(OSError, match="no camera"), probe:
        raise OSError("no camera")
    assert probe._child is not None
    assert probe._child.returncode is not None
