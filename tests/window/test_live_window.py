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
from tests.waiting import SEEN_S
from tests.window.conftest import place, screenshot, xdo

pytestmark = pytest.mark.window

ROOT = Path(__file__).parents[2]
SIZE_WH = (640, 480)
NOTICE = np.s_[-80:, 200:440]  # where the window says what its user must know


def until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + SEEN_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.05)


class Session:
    """A session in a process of its own, and its window."""

    def __init__(
        self, display: str, camera: LoopbackCamera, process: subprocess.Popen[str], output: Path
    ) -> None:
        self.display, self.camera, self.process, self.output = display, camera, process, output
        self.window = ""

    def wait_for_window(self) -> None:
        """Until it has the size of the camera's pictures; it opens smaller."""
        until(lambda: self._find() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()

    def _find(self) -> bool:
        # By its process too: the one that tries whether a window opens shows one of this name.
        search = ("search", "--all", "--pid", str(self.process.pid), "--name", "^emocam$")
        try:
            self.window = xdo(self.display, *search).splitlines()[0]
            return place(self.display, self.window)[2:] == SIZE_WH
        except (subprocess.CalledProcessError, IndexError):
            return False

    def press(self, key: str) -> None:
        xdo(self.display, "windowfocus", "--sync", self.window, "key", key)

    def look(self) -> ImageU8:
        return screenshot(self.display, self.window)

    def wait_for(self, wanted: Callable[[ImageU8], bool]) -> ImageU8:
        """The first look at the window that is wanted."""
        end_s = time.monotonic() + SEEN_S
        while not wanted(look := self.look()):
            assert self.process.poll() is None, "the session has ended"
            assert time.monotonic() < end_s, "it was not to be seen"
            time.sleep(0.05)
        return look

    def wait_for_picture(self, after: int = 0) -> ImageU8:
        """A look that shows a picture which the camera numbered higher than that.

        Before its first picture the window is black, or grey, which are no numbers of pictures.
        """
        return self.wait_for(lambda look: after < read_stamp(look).number <= self.camera.sent)

    def files(self, pattern: str) -> list[Path]:
        return list(self.output.glob(pattern))


@contextmanager
def session(display: str, camera: LoopbackCamera, folder: Path) -> Iterator[Session]:
    process = subprocess.Popen(
        [sys.executable, "-m", "emocam", "live", camera.url, "--model", "pixels",
         "--output", str(folder)],
        cwd=ROOT, env={**os.environ, "DISPLAY": display}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        shown = Session(display, camera, process, folder)
        shown.wait_for_window()
        yield shown
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def loopback() -> Iterator[LoopbackCamera]:
    with LoopbackCamera(sample_pictures(most=100), SIZE_WH) as camera:
        yield camera


def changed(a: ImageU8, b: ImageU8, part: tuple[slice, slice] = np.s_[:, :]) -> float:
    """Share of the pixels of a part that look different; all of windows of two sizes."""
    if a.shape != b.shape:
        return 1.0
    return float((cv2.absdiff(a[part], b[part]).max(axis=2) > 60).mean())


def drawn(look: ImageU8, camera: LoopbackCamera, part: tuple[slice, slice] = np.s_[:, :]) -> float:
    """Share of the pixels of a part that are not the camera's."""
    picture = camera.pictures[read_stamp(look).number % len(camera.pictures)]
    return changed(look, cv2.resize(picture, SIZE_WH), part)


def test_the_keys_do_what_the_help_says(display: str, loopback: LoopbackCamera, tmp_path: Path):
    with session(display, loopback, tmp_path) as shown:
        # The bars of a face that was read: they and what hides it can be switched then.
        shown.wait_for_picture()
        shown.wait_for(lambda look: drawn(look, loopback) > 0.05)

        shown.press("space")  # the picture stands still, and everything can still be switched
        still = shown.wait_for(lambda look: drawn(look, loopback, NOTICE) > 0.3)
        assert drawn(still, loopback) > 0.1

        for key in "hpbai":
            shown.press(key)
            shown.wait_for(lambda look: changed(look, still) > 0.001)
            shown.press(key)
            shown.wait_for(lambda look: changed(look, still) < 0.0005)
        shown.press("t")
        # The window is taller by the strip, and the picture as before, with the notice lower down.
        above = np.s_[: SIZE_WH[1] + NOTICE[0].start]
        shown.wait_for(
            lambda look: len(look) > len(still) and changed(look[above], still[above]) < 0.01
        )
        # Of keys that come at once OpenCV tells only the last: each is waited for.
        shown.press("t")
        shown.wait_for(lambda look: changed(look, still) < 0.0005)
        shown.press("m")
        shown.wait_for(lambda look: read_stamp(look[:, ::-1]) == read_stamp(still))
        shown.press("m")
        shown.wait_for(lambda look: changed(look, still) < 0.0005)

        shown.press("space")
        shown.wait_for_picture(after=read_stamp(still).number)

        shown.press("s")
        until(lambda: len(shown.files("emocam-*.png")) == 1)
        shown.press("r")
        until(lambda: len(shown.files(".partial-*")) == 1)  # it has its first picture
        shown.press("r")
        until(lambda: len(shown.files("emocam-*.mp4")) == 1)
        for key in "ffnc":  # a full screen needs a window manager, which this display lacks
            shown.press(key)

        shown.press("q")
        out, err = shown.process.communicate(timeout=SEEN_S)
        assert shown.process.returncode == 0, err
    assert "label switches a minute" in out
    assert "saved" in err
    assert "recorded" in err
    kept = cv2.imdecode(np.fromfile(shown.files("emocam-*.png")[0], np.uint8), cv2.IMREAD_COLOR)
    assert kept.shape == (480, 640, 3)
    film = cv2.VideoCapture(str(shown.files("emocam-*.mp4")[0]))
    assert film.read()[0]


def test_escape_quits_and_nothing_is_stored_unless_asked(
    display: str, loopback: LoopbackCamera, tmp_path: Path
):
    with session(display, loopback, tmp_path) as shown:
        shown.press("Escape")
        _, err = shown.process.communicate(timeout=SEEN_S)
        assert shown.process.returncode == 0, err
    assert list(tmp_path.iterdir()) == []


def test_a_lost_camera_is_said_in_the_window_and_comes_back(
    display: str, loopback: LoopbackCamera, tmp_path: Path
):
    with session(display, loopback, tmp_path) as shown:
        bright = float(shown.wait_for_picture().mean())
        loopback.set_fault("refuse")
        shown.wait_for(lambda look: float(look.mean()) < 0.7 * bright)  # the past is darkened
        before = loopback.sent
        loopback.set_fault("")
        back = shown.wait_for_picture(after=before)
        assert float(back.mean()) > 0.9 * bright
        shown.press("q")
        _, err = shown.process.communicate(timeout=SEEN_S)
        assert shown.process.returncode == 0
    assert "pictures again after" in err
