"""A real window of a real session on a real network camera; its keys, and what they show."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.types import ImageU8
from tests.loopback_camera import LoopbackCamera, read_stamp, sample_pictures
from tests.window.conftest import screenshot, xdo

pytestmark = pytest.mark.window

ROOT = Path(__file__).parents[2]
WAIT_S = 180.0  # a busy machine may take its time


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.05)


class Session:
    """A session in a process of its own, and its window."""

    def __init__(self, display: str, process: subprocess.Popen[str], output: Path) -> None:
        self.display, self.process, self.output = display, process, output
        self.window = ""

    def wait_for_window(self) -> None:
        until(lambda: self._find() or self.process.poll() is not None)
        assert self.window, self.process.communicate()

    def _find(self) -> bool:
        try:
            self.window = xdo(self.display, "search", "--name", "^emocam$").splitlines()[0]
            return self._place()[3] > 200  # sized by its first picture
        except (subprocess.CalledProcessError, IndexError):
            return False

    def press(self, key: str) -> None:
        xdo(self.display, "windowfocus", "--sync", self.window, "key", key)

    def look(self) -> ImageU8:
        x, y, width, height = self._place()
        return screenshot(self.display)[y : y + height, x : x + width]

    def number(self) -> int:
        """The number that the camera stamped on the picture that is shown."""
        return read_stamp(self.look()).number

    def _place(self) -> tuple[int, int, int, int]:
        text = xdo(self.display, "getwindowgeometry", "--shell", self.window)
        told = dict(line.split("=") for line in text.splitlines())
        return int(told["X"]), int(told["Y"]), int(told["WIDTH"]), int(told["HEIGHT"])

    def files(self, ending: str) -> list[Path]:
        found = self.output.glob(f"emocam-*{ending}")
        return [path for path in found if not path.name.startswith(".")]


@contextmanager
def session(display: str, url: str, folder: Path, *arguments: str) -> Iterator[Session]:
    command = [sys.executable, "-m", "emocam", "live", url, "--model", "pixels"]
    process = subprocess.Popen(
        [*command, "--output", str(folder), *arguments],
        cwd=ROOT, env={**os.environ, "DISPLAY": display}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        shown = Session(display, process, folder)
        shown.wait_for_window()
        yield shown
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackCamera]:
    with LoopbackCamera(sample_pictures(most=100), (640, 480)) as camera:
        yield camera


def changed(a: ImageU8, b: ImageU8, part: tuple[slice, slice] = np.s_[:, :]) -> float:
    """Share of the pixels of a part that look different; all, while the window takes its size."""
    if a.shape != b.shape:
        return 1.0
    return float((cv2.absdiff(a[part], b[part]).max(axis=2) > 60).mean())


def test_the_keys_do_what_the_help_says(display: str, loopback: LoopbackCamera, tmp_path: Path):
    with session(display, loopback.url, tmp_path) as shown:
        # Before its first picture the window is black, or grey, which are no numbers of pictures.
        until(lambda: shown.number() in range(1, loopback.sent + 1))
        first = shown.number()
        until(lambda: shown.number() in range(first + 1, loopback.sent + 1))

        shown.press("space")  # the picture stands still, and everything can still be switched
        until(lambda: changed(shown.look(), (time.sleep(0.3), shown.look())[1]) == 0)
        still = shown.look()

        for key in "hpbai":
            shown.press(key)
            until(lambda: changed(shown.look(), still) > 0.001)
            shown.press(key)
            until(lambda: changed(shown.look(), still) < 0.0005)
        shown.press("t")
        until(lambda: changed(shown.look(), still, np.s_[-60:, :]) > 0.05)
        # Of keys that come at once OpenCV tells only the last: each is waited for.
        shown.press("t")
        until(lambda: changed(shown.look(), still) < 0.0005)
        shown.press("m")
        until(lambda: read_stamp(shown.look()[:, ::-1]) == read_stamp(still))
        shown.press("m")
        until(lambda: changed(shown.look(), still) < 0.0005)

        shown.press("space")
        until(lambda: read_stamp(shown.look()).number > read_stamp(still).number)

        shown.press("s")
        until(lambda: len(shown.files(".png")) == 1)
        shown.press("r")
        time.sleep(1)
        shown.press("r")
        until(lambda: len(shown.files(".mp4")) == 1)
        for key in "ffnc":  # a full screen needs a window manager, which this display lacks
            shown.press(key)

        shown.press("q")
        out, err = shown.process.communicate(timeout=WAIT_S)
        assert shown.process.returncode == 0, err
    assert "label switches a minute" in out
    assert "saved" in err
    assert "recorded" in err
    kept = cv2.imdecode(np.fromfile(shown.files(".png")[0], np.uint8), cv2.IMREAD_COLOR)
    assert kept.shape == (480, 640, 3)
    film = cv2.VideoCapture(str(shown.files(".mp4")[0]))
    assert film.read()[0]


def test_escape_quits_and_nothing_is_stored_unless_asked(
    display: str, loopback: LoopbackCamera, tmp_path: Path
):
    with session(display, loopback.url, tmp_path) as shown:
        shown.press("Escape")
        _, err = shown.process.communicate(timeout=WAIT_S)
        assert shown.process.returncode == 0, err
    assert list(tmp_path.iterdir()) == []


def test_a_lost_camera_is_said_in_the_window_and_comes_back(
    display: str, loopback: LoopbackCamera, tmp_path: Path
):
    with session(display, loopback.url, tmp_path) as shown:
        until(lambda: read_stamp(shown.look()).number <= loopback.sent)
        bright = float(shown.look().mean())
        loopback.set_fault("refuse")
        until(lambda: float(shown.look().mean()) < 0.7 * bright)  # the past is darkened
        loopback.set_fault("")
        until(lambda: float(shown.look().mean()) > 0.9 * bright)
        shown.press("q")
        _, err = shown.process.communicate(timeout=WAIT_S)
        assert shown.process.returncode == 0
    assert "pictures again after" in err
