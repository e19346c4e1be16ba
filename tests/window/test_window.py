"""A real window, real keys."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from tests.window.conftest import SCREEN_WH, screenshot, xdo

pytestmark = pytest.mark.window

WAIT_S = 120.0  # a busy machine may take its time
_WARM_UP = "1"
# Shows a red picture with a green left half and prints the keys; f and g switch the full screen.
SCRIPT = """
import numpy as np
from emocam.views.window import Window
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
    def __init__(self, display: str, process: subprocess.Popen[str]) -> None:
        self.display, self.process = display, process
        assert self.next() == "open"
        end = time.monotonic() + WAIT_S
        while True:
            found = subprocess.run(
                ["xdotool", "search", "--onlyvisible", "--name", "^emocam under test$"],
                env={**os.environ, "DISPLAY": display}, capture_output=True, text=True, check=False,
            ).stdout.split()  # fmt: skip
            if found:
                break
            assert time.monotonic() < end, "no window"
            time.sleep(0.05)
        self.window = found[0]
        # A window manager may not have mapped it yet: then there is nothing to focus.
        wait(self._takes_focus)
        # The focus is there when a key arrives; more of this one may follow.
        while not select.select([self.process.stdout], [], [], 0.3)[0]:
            assert time.monotonic() < end, "no focus"
            self.press(_WARM_UP)

    def next(self) -> str:
        assert self.process.stdout is not None
        while (line := self.process.stdout.readline().strip()) == _WARM_UP:
            pass
        return line

    def _takes_focus(self) -> bool:
        command = ["xdotool", "windowfocus", "--sync", self.window]
        environment = {**os.environ, "DISPLAY": self.display}
        return subprocess.run(command, env=environment, capture_output=True).returncode == 0

    def press(self, *keys: str) -> None:
        for key in keys:
            xdo(self.display, "key", key)


@contextmanager
def shown(display: str, **more: str) -> Iterator[Shown]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        bufsize=1, env={**os.environ, "DISPLAY": display, **more},
    )  # fmt: skip
    try:
        yield Shown(display, process)
    finally:
        process.kill()
        process.communicate()


def test_keys_in_either_case_and_with_locks(display: str) -> None:
    with shown(display) as one:
        keys = ["q", "Q", "space", "Left", "Up", "Caps_Lock", "m", "Caps_Lock", "Num_Lock", "t",
                "Num_Lock", "KP_Add", "h", "Escape"]  # fmt: skip
        one.press(*keys)
        names = [one.next() for _ in range(8)]
        assert names == ["q", "q", "space", "m", "t", "+", "h", "escape"]
        assert one.process.wait(WAIT_S) == 0


def test_the_picture_is_there_and_nothing_around_it(display: str) -> None:
    with shown(display) as one:
        # Black at first, then grey, then the picture: green on the left and red on the right.
        wait(lambda: np.ptp(screenshot(display, one.window)[240, 160].astype(int)) > 100)
        # No toolbar, no status line.
        wait(lambda: screenshot(display, one.window).shape == (480, 640, 3))
        picture = screenshot(display, one.window)
        assert np.abs(picture[240, 160].astype(int) - (0, 200, 0)).max() < 10
        assert np.abs(picture[240, 480].astype(int) - (0, 0, 200)).max() < 10


@pytest.fixture
def managed(display: str) -> Iterator[str]:
    """The display with a window manager, without which there is no full screen."""
    if shutil.which("openbox") is None:
        pytest.skip("needs openbox")
    manager = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
    )
    yield display
    manager.terminate()
    manager.wait()


def test_full_screen_and_back(managed: str) -> None:
    with shown(managed) as one:
        for key, is_full in (("f", True), ("g", False)):
            one.press(key)
            assert one.next() == key
            wait(lambda is_full=is_full: (area(one) == SCREEN_WH[0] * SCREEN_WH[1]) is is_full)


def test_its_own_button_closes_it_for_good(display: str) -> None:
    with shown(display) as one:
        ask_to_close(display, int(one.window))
        assert [one.next(), one.next()] == ["closed", "closed"]
        assert one.process.wait(WAIT_S) == 0


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def area(one: Shown) -> int:
    lines = xdo(one.display, "getwindowgeometry", "--shell", one.window).splitlines()
    values = dict(line.split("=") for line in lines)
    return int(values["WIDTH"]) * int(values["HEIGHT"])


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
        _, said = one.process.communicate(timeout=WAIT_S)
        assert said == ""


def test_the_probe_finds_the_display(display: str) -> None:
    code = "import sys; from emocam.views.window import *; sys.exit(not can_show_windows())"
    env = {**os.environ, "DISPLAY": display}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
