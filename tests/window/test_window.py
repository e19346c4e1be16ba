"""A real window, real keys."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import queue
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import cv2
import numpy as np
import pytest

from emocam.types import ImageU8
from tests.waiting import SEEN_S
from tests.window.conftest import SCREEN_WH, place, screenshot, xdo

pytestmark = pytest.mark.window

_WARM_UP = "1"
# Shows a red picture with a green left half and prints the keys; f and g switch the full screen.
SCRIPT = """
import numpy as np
from emocam.live.window import Window
picture = np.zeros((480, 640, 3), np.uint8)
picture[:, :, 2] = 200
picture[:, :320] = (0, 200, 0)
with Window("emocam under test") as window:
    print("open", flush=True)
    while True:
        key = window.show(picture)
        if key:
            print(key, flush=True)
        if key in ("f", "g"):
            window.fullscreen(key == "f")
        if key in ("escape", "closed"):
            break
    print(window.show(picture) if key == "closed" else "still there", flush=True)
"""


class Shown:
    def __init__(
        self, display: str, process: subprocess.Popen[str], lines: queue.Queue[str]
    ) -> None:
        self.display, self.process, self._lines = display, process, lines
        self.window = ""
        assert self.next() == "open"
        wait(self._find)
        # A window manager may not have mapped it yet: then there is nothing to focus.
        wait(self._takes_focus)
        self.press_until_told(_WARM_UP)  # the focus is there when a key arrives

    def next(self) -> str:
        """What was told next."""
        while (line := self._lines.get(timeout=SEEN_S)) == _WARM_UP:
            pass
        return line

    def _find(self) -> bool:
        try:
            found = xdo(
                self.display, "search", "--onlyvisible", "--name", "^emocam under test$"
            ).split()
        except subprocess.CalledProcessError:
            return False
        self.window = found[0]
        return True

    def _takes_focus(self) -> bool:
        try:
            xdo(self.display, "windowfocus", "--sync", self.window)
        except subprocess.CalledProcessError:
            return False
        return True

    def press(self, key: str) -> None:
        xdo(self.display, "key", key)

    def press_until_told(self, key: str) -> None:
        """Press a key again and again until it arrives; more of it may follow."""
        end = time.monotonic() + SEEN_S
        told = ""
        while told != key:
            assert time.monotonic() < end, f"{key} does not arrive"
            self.press(key)
            with suppress(queue.Empty):
                told = self._lines.get(timeout=0.3)


@contextmanager
def shown(display: str, **more: str) -> Iterator[Shown]:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "DISPLAY": display, **more},
    ) as process:  # fmt: skip
        lines: queue.Queue[str] = queue.Queue()
        reading = threading.Thread(target=read_lines, args=(process.stdout, lines))
        reading.start()
        try:
            yield Shown(display, process, lines)
        finally:
            process.kill()
            reading.join()


def read_lines(source: Iterable[str], lines: queue.Queue[str]) -> None:
    for line in source:
        lines.put(line.strip())


def test_keys_in_either_case_and_with_locks(display: str) -> None:
    with shown(display) as one:
        # Of keys that come at once OpenCV tells only the last: each that has a name is waited for.
        for key, name in (
            ("q", "q"), ("Q", "q"), ("space", "space"), ("Left", ""), ("Up", ""),
            ("Caps_Lock", ""), ("m", "m"), ("Caps_Lock", ""), ("Num_Lock", ""), ("t", "t"),
            ("Num_Lock", ""), ("KP_Add", "+"), ("h", "h"), ("Escape", "escape"),
        ):  # fmt: skip
            one.press(key)
            if name:
                assert one.next() == name
        assert one.process.wait(SEEN_S) == 0


def test_the_picture_is_there_and_nothing_around_it(display: str) -> None:
    with shown(display) as one:
        # Black at first, then grey, then the picture.
        wait(lambda: shows_the_picture(screenshot(display, one.window)))


def shows_the_picture(look: ImageU8) -> bool:
    """Whether a window shows what the script draws: no toolbar, no status line."""
    if look.shape != (480, 640, 3):
        return False
    expected = np.zeros_like(look)
    expected[:, :320], expected[:, 320:] = (0, 200, 0), (0, 0, 200)
    return int(cv2.absdiff(look, expected).max()) < 10


@pytest.fixture
def managed(display: str) -> Iterator[str]:
    """The display with a window manager, without which there is no full screen."""
    if shutil.which("openbox") is None:
        pytest.skip("needs openbox")
    manager = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
    )
    try:
        wait(lambda: has_manager(display))
        yield display
    finally:
        manager.terminate()
        manager.wait()


def has_manager(display: str) -> bool:
    try:
        xdo(display, "get_num_desktops")
    except subprocess.CalledProcessError:
        return False
    return True


def test_full_screen_and_back(managed: str) -> None:
    with shown(managed) as one:
        for key, is_full in (("f", True), ("g", False)):
            one.press_until_told(key)  # a window that changes its state may lose the focus
            wait(lambda is_full=is_full: (place(managed, one.window)[2:] == SCREEN_WH) is is_full)


def test_its_own_button_closes_it_for_good(display: str) -> None:
    with shown(display) as one:
        ask_to_close(display, int(one.window))
        assert [one.next(), one.next()] == ["closed", "closed"]
        assert one.process.wait(SEEN_S) == 0


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + SEEN_S
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def ask_to_close(display: str, window: int) -> None:
    """Send what a window manager sends when the button is used (ICCCM 4.2.8.1)."""
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    server = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    x11.XInternAtom.restype = ctypes.c_ulong
    protocols, delete = (
        x11.XInternAtom(server, name, False) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    client_message, no_time = 33, 0
    # XClientMessageEvent: type, serial, send_event, display, window, message_type, format, data.
    event = struct.pack(
        "@iLiPLLi5l", client_message, 0, 1, 0, window, protocols, 32, delete, no_time, 0, 0, 0
    )
    buffer = ctypes.create_string_buffer(event, 24 * 8)  # XEvent is a union of 24 longs
    x11.XSendEvent(server, ctypes.c_ulong(window), False, ctypes.c_long(0), buffer)
    x11.XCloseDisplay(server)


def test_desktops_that_ask_for_wayland_get_a_window_too(display: str) -> None:
    with shown(display, QT_QPA_PLATFORM="wayland") as one:
        one.press("s")
        assert one.next() == "s"


def test_it_says_nothing_on_standard_error(display: str) -> None:
    with shown(display) as one:
        one.press("Escape")
        assert one.process.wait(SEEN_S) == 0
        assert one.process.stderr is not None
        assert one.process.stderr.read() == ""


def test_the_probe_finds_the_display(display: str) -> None:
    code = "import sys; from emocam.live.window import *; sys.exit(not can_show_windows())"
    env = {**os.environ, "DISPLAY": display}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0


SHAPES = """
import cv2
import numpy as np
from emocam.live.window import Window
with Window("shapes") as window:
    for height in (300, 370, 300, 200):
        while True:
            window.show(np.zeros((height, 400, 3), np.uint8))
            _, _, wide, high = cv2.getWindowImageRect("shapes")
            if high > 0 and abs(wide / high - 400 / height) < 0.02:
                break
print("each fits")
"""


def test_a_picture_of_another_shape_is_not_squashed(display: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHAPES], capture_output=True, text=True, timeout=SEEN_S, check=False,
        env={**os.environ, "DISPLAY": display},
    )  # fmt: skip
    assert done.stdout.strip() == "each fits", done.stderr
