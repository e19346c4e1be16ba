"""A window on the screen, and the keys pressed in it."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import cv2

from emocam.live.exit_watch import ExitWatch
from emocam.render.fonts import own_font
from emocam.types import ImageU8

_PROBE = "import cv2; cv2.namedWindow('emocam'); cv2.destroyAllWindows()"
_PROBE_TIMEOUT_S = 60.0  # OpenCV alone can take seconds to load from a slow disk
_NAMES = {8: "backspace", 9: "tab", 10: "enter", 13: "enter", 27: "escape", 32: "space"}
_PLAIN = cv2.WINDOW_NORMAL | cv2.WINDOW_GUI_NORMAL  # without Qt's toolbar and status line
_FIRST_HEIGHTS = (480, 800)  # a new window is at least and at most this high


class WindowProbe:
    """Finds out in a child process whether a window opens here.

    Qt aborts the whole process when there is no display, so nothing smaller than a process is
    safe. The child starts at once and runs beside whatever the caller does next; it ends with the
    `with` block at the latest.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        if not _lacks_display():
            self._child = subprocess.Popen(
                [sys.executable, "-c", _PROBE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_qt_settings()},
            )

    def __enter__(self) -> WindowProbe:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def result(self) -> bool:
        """Whether a window opens; waits for the child where it is not done yet."""
        if self._child is None:
            return False
        try:
            return self._child.wait(_PROBE_TIMEOUT_S) == 0
        except subprocess.TimeoutExpired:
            self._end()
            return False

    def _end(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()


def can_show_windows() -> bool:
    """Whether a window opens here; `WindowProbe` finds out without making the caller wait."""
    with WindowProbe() as probe:
        return probe.result()


class Window:
    """A window that shows frames and tells which key was pressed.

    Its methods belong to the main thread.

    Parameters
    ----------
    title
        Its title.

    Attributes
    ----------
    on_lost
        Called when the display is lost, which ends the process with exit code 1.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.on_lost: Callable[[], None] = lambda: None
        self._size_wh: tuple[int, int] | None = None  # of the last picture
        self._is_full = False
        self._is_closed = False
        self._is_lost = False
        self._watch = ExitWatch(self._lost)

    def __enter__(self) -> Window:
        self._watch.__enter__()
        os.environ.update(_qt_settings())
        _leave_events_to_qt()
        cv2.namedWindow(self.title, _PLAIN | cv2.WINDOW_KEEPRATIO)
        return self

    def show(self, frame_bgr: ImageU8) -> str:
        """Show a frame and let the window answer its user.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8.

        Returns
        -------
        Name of the key pressed since the last frame: a small letter, digit or sign, `space`,
        `escape`, `enter`, `tab`, `backspace`; `closed` when the user closed the window, from then
        on always; empty when nothing was pressed.
        """
        if self._is_closed:
            return "closed"  # imshow would open the window anew
        self._fit((frame_bgr.shape[1], frame_bgr.shape[0]))
        cv2.imshow(self.title, frame_bgr)
        key = key_name(cv2.waitKeyEx(1))
        self._is_closed = not self._is_visible()
        return "closed" if self._is_closed else key

    def _fit(self, size_wh: tuple[int, int]) -> None:
        """Give the window the shape of the pictures, such as with the strip below, once each.

        Qt keeps the shape that it has seen first, and would squash others; the full screen it fits
        to each by itself.
        """
        before, self._size_wh = self._size_wh, size_wh
        if before is None:
            cv2.resizeWindow(self.title, *first_size(*size_wh))
        elif before != size_wh and not self._is_full:
            width = cv2.getWindowImageRect(self.title)[2]
            if width > 0:
                cv2.resizeWindow(self.title, width, round(width * size_wh[1] / size_wh[0]))

    def fullscreen(self, on: bool) -> None:
        """Fill the screen, or go back to a window."""
        if not self._is_closed:
            state = cv2.WINDOW_FULLSCREEN if on else cv2.WINDOW_NORMAL
            cv2.setWindowProperty(self.title, cv2.WND_PROP_FULLSCREEN, state)
            self._is_full = on

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.__exit__()
        if self._is_lost:
            return  # Qt must not be called again
        cv2.destroyAllWindows()
        cv2.waitKey(1)  # some systems remove the window only here

    def _lost(self) -> None:
        self._is_lost = True
        self.on_lost()

    def _is_visible(self) -> bool:
        try:
            return cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:  # raised once the last window is gone
            return False


def key_name(code: int) -> str:
    """Name of the key that a code of `cv2.waitKeyEx` stands for.

    Parameters
    ----------
    code
        -1 for none. GTK sets bits above the lowest 16 for Caps Lock and Num Lock. Arrows and the
        like are 0xff51 and up; cut to 8 bits, as `cv2.waitKey` does, left would be Q.

    Returns
    -------
    As `Window.show`; letters are small whether Shift and Caps Lock are on or not.
    """
    if code < 0:
        return ""
    symbol = code & 0xFFFF
    if symbol in _NAMES:
        return _NAMES[symbol]
    return chr(symbol).lower() if 32 < symbol < 127 else ""


def first_size(width: int, height: int) -> tuple[int, int]:
    """Width and height in pixels of a new window: neither a stamp nor larger than the screen."""
    lowest, highest = _FIRST_HEIGHTS
    scale = min(max(height, lowest), highest) / height
    return max(1, round(width * scale)), round(height * scale)


def _lacks_display() -> bool:
    # Only Qt's X11 plugin is in OpenCV's wheel; under Wayland it draws through XWayland.
    return sys.platform.startswith("linux") and not os.environ.get("DISPLAY")


def _leave_events_to_qt() -> None:
    """Give Qt the system's libX11-xcb, which must be there before its first window.

    OpenCV's wheel carries one that is older than the system's libX11 and tells it in vain that Qt
    reads the events itself: libX11 takes some of them away. A window that is not told that it is
    on the screen stays black for ever, which was one in six.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError):  # where there is none
            ctypes.CDLL("libX11-xcb.so.1", mode=ctypes.RTLD_GLOBAL)


def _qt_settings() -> dict[str, str]:
    """Environment variables without which Qt, as OpenCV's wheel carries it, aborts or complains."""
    settings = {}
    if sys.platform.startswith("linux"):
        # Desktops that set this to wayland would make it abort: that plugin is not in the wheel.
        settings["QT_QPA_PLATFORM"] = "xcb"
        # It tells of a lost display in lines of its own, which emocam does in one.
        settings["QT_LOGGING_RULES"] = os.environ.get("QT_LOGGING_RULES", "default.warning=false")
        if not Path(os.environ.get("QT_QPA_FONTDIR", "")).is_dir():
            # Some wheels lack Qt's fonts (opencv-python#1205), and it says so again and again.
            settings["QT_QPA_FONTDIR"] = str(Path(own_font(False)).parent)
    return settings
