"""What a screen of this computer shows, as a source of pictures."""

from __future__ import annotations

import importlib.util
import re
import time
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from emocam.errors import SetupError, SourceError, UsageError, reason_of
from emocam.types import ImageU8

_USUAL_FPS = 30.0
_FORM = re.compile(r"screen(?::(?P<number>\d{1,2}))?(?::(?P<size>\d+[x×]\d+)(?:\+(\d+)\+(\d+))?)?")


@dataclass(frozen=True)
class ScreenRegion:
    """A screen, or a part of it."""

    number: int = 1  # 1 is the first screen
    size_wh: tuple[int, int] | None = None  # None for all of it
    left_top: tuple[int, int] = (0, 0)  # pixels from the screen's corner


def parse_screen(text: str) -> ScreenRegion:
    """`screen`, `screen:2`, `screen:800x600+100+50` (a region) or `screen:2:800x600+100+50`.

    Raises
    ------
    UsageError
        When it is none of these.
    """
    found = _FORM.fullmatch(text)
    number = int(found["number"] or 1) if found else 0
    if found is None or number == 0:
        raise UsageError(
            f"'{text}' is no screen: screen, screen:2, or a region such as screen:800x600+100+50"
        )
    if found["size"] is None:
        return ScreenRegion(number)
    width, height = (int(side) for side in re.split("[x×]", found["size"]))
    if not (width and height):
        raise UsageError(f"'{text}': a region has a width and a height")
    return ScreenRegion(number, (width, height), (int(found[3] or 0), int(found[4] or 0)))


class ScreenCapture:
    """Takes pictures of a screen at a steady rate.

    Parameters
    ----------
    text
        As for `parse_screen`.
    fps
        Pictures a second; 30 when None.

    Raises
    ------
    SetupError
        When mss is not installed.
    SourceError
        When there is no such screen, or none at all.
    """

    backend = "mss"

    def __init__(self, text: str, fps: float | None = None) -> None:
        self._text, self._region = text, parse_screen(text)
        if importlib.util.find_spec("mss") is None:
            raise SetupError(f'{text} needs: pip install "emocam[screen]"')
        with self._open() as screens:
            self._box = self._find(screens.monitors)
        self._step_s = 1 / (fps or _USUAL_FPS)
        self._due_s = time.monotonic()
        self._screens: Any = None

    def read(self) -> ImageU8:
        """The screen as it is when its time has come."""
        if self._screens is None:
            self._screens = self._open()  # belongs to the thread that takes the pictures
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._due_s = max(self._due_s + self._step_s, time.monotonic())
        try:
            shot = self._screens.grab(self._box)
        except Exception as error:  # each system raises errors of its own
            raise SourceError(f"{self._text} can't be taken: {reason_of(error)}") from error
        return np.asarray(cv2.cvtColor(np.asarray(shot), cv2.COLOR_BGRA2BGR), dtype=np.uint8)

    def release(self) -> None:
        if self._screens is not None:
            self._screens.close()
            self._screens = None

    def _open(self) -> Any:
        import mss

        try:
            return mss.MSS()
        except Exception as error:  # each system raises errors of its own
            raise SourceError(
                f"can't take pictures of a screen here: {reason_of(error)}"
            ) from error

    def _find(self, monitors: list[dict[str, int]]) -> dict[str, int]:
        count = len(monitors) - 1  # the first is all screens together
        if self._region.number > count:
            known = f"screens 1 to {count}" if count > 1 else "one"
            raise SourceError(f"there is no screen {self._region.number}, only {known} here")
        whole = monitors[self._region.number]
        if self._region.size_wh is None:
            return {side: whole[side] for side in ("left", "top", "width", "height")}
        (width, height), (left, top) = self._region.size_wh, self._region.left_top
        if left + width > whole["width"] or top + height > whole["height"]:
            raise SourceError(
                f"{self._text} reaches over the edge of a screen of "
                f"{whole['width']}×{whole['height']}"
            )
        return {
            "left": whole["left"] + left, "top": whole["top"] + top,
            "width": width, "height": height,
        }  # fmt: skip
