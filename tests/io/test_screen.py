"""A screen as a source: its addresses, and a real one (Xvfb)."""

from __future__ import annotations

import importlib.util
import subprocess
import time

import cv2
import numpy as np
import pytest

from emocam.errors import SetupError, SourceError, UsageError
from emocam.io.address import parse_address
from emocam.io.backends import CameraSettings, open_capture
from emocam.io.camera import LiveCamera
from emocam.io.screen import ScreenCapture, ScreenRegion, parse_screen
from tests.waiting import WAIT_S
from tests.window.conftest import SCREEN_WH, display  # noqa: F401


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("screen", ScreenRegion()),
        ("screen:2", ScreenRegion(2)),
        ("screen:800x600", ScreenRegion(1, (800, 600))),
        ("screen:800×600+100+50", ScreenRegion(1, (800, 600), (100, 50))),
        ("screen:2:800x600+100+50", ScreenRegion(2, (800, 600), (100, 50))),
    ],
)
def test_addresses_of_screens(text: str, region: ScreenRegion):
    assert parse_address(text).kind == "screen"
    assert parse_screen(text) == region


@pytest.mark.parametrize(
    "text", ["screen:", "screen:0", "screen:left", "screen:800x600+1", "screens"]
)
def test_what_is_no_screen(text: str):
    with pytest.raises(UsageError, match="is no screen: screen, screen:2, or a region"):
        parse_screen(text)


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r'pip install "emocam\[screen\]"'):
        ScreenCapture("screen")


def test_without_a_display_it_is_said(monkeypatch):
    pytest.importorskip("mss")
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(SourceError, match="can't take pictures of a screen here"):
        ScreenCapture("screen")


@pytest.mark.window
class TestOnADisplay:
    @pytest.fixture(autouse=True)
    def _display(self, display: str, monkeypatch):  # noqa: F811
        pytest.importorskip("mss")
        monkeypatch.setenv("DISPLAY", display)
        self.display = display

    def paint(self, color: str) -> None:
        size = "{}x{}".format(*SCREEN_WH)
        # ImageMagick says 1 although it has painted.
        command = ["display", "-window", "root", "-size", size, f"xc:{color}"]
        subprocess.run(command, check=False, timeout=WAIT_S)

    def test_the_whole_screen_comes_blue_first(self):
        self.paint("rgb(10,20,200)")
        capture = open_capture(parse_address("screen"), CameraSettings())
        image_bgr = capture.read()
        capture.release()
        assert image_bgr.shape == (SCREEN_WH[1], SCREEN_WH[0], 3)
        assert image_bgr[300, 300].tolist() == [200, 20, 10]

    def test_a_region_comes_at_the_rate_that_is_asked_for(self):
        capture = ScreenCapture("screen:320x200+64+48", fps=50)
        capture.read()
        start_s = time.monotonic()
        shapes = {capture.read().shape for _ in range(10)}
        took_s = time.monotonic() - start_s
        capture.release()
        assert shapes == {(200, 320, 3)}
        assert took_s > 0.9 * 9 / 50

    def test_screens_that_are_not_there(self):
        with pytest.raises(SourceError, match="there is no screen 3, only one here"):
            ScreenCapture("screen:3")
        with pytest.raises(SourceError, match="reaches over the edge of a screen of 1280×960"):
            ScreenCapture("screen:800x600+600+0")

    def test_a_screen_that_stands_still_is_no_fault(self, monkeypatch):
        monkeypatch.setattr("emocam.io.camera._REPEATED_S", 0.1)
        self.paint("gray")
        with LiveCamera(parse_address("screen")) as camera:
            last = camera.wait_newer(20, 60.0)
            assert last is not None
            assert camera.fault == ""
            assert camera.take_gaps() == []
            assert np.ptp(cv2.resize(last.image_bgr, (8, 8))) < 40
