"""One grammar for where pictures come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_STREAMS = ("http://", "https://", "rtsp://", "rtsps://", "rtmp://", "udp://", "tcp://")
# No longer path: OpenCV would open /dev/video/../../home/a.mp4 as a file.
_DEVICE = re.compile(r"/dev/(video\d+|v4l/by-(id|path)/[^/]+)")

_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")


@dataclass(frozen=True)
class Address:
    """Where pictures come from."""

    # `camera` (a number or a device such as /dev/video2), `stream`, `screen` or `path`
    kind: Literal["camera", "stream", "screen", "path"]
    text: str  # as the user gave it

    @property
    def camera_index(self) -> int | None:
        """Number of a camera; None for a device path, a stream or a file."""
        return int(self.text) if _is_number(self.text) else None


def parse_address(text: str) -> Address:
    """A number is a camera, `http…` or `rtsp…` a stream, `screen…` a screen, the rest a path."""
    if _is_number(text) or _DEVICE.fullmatch(text):
        return Address("camera", text)
    if text.lower().startswith(_STREAMS):
        return Address("stream", text)
    if text == "screen" or text.startswith("screen:"):
        return Address("screen", text)
    return Address("path", text)


def without_login(text: str) -> str:
    """An address as others may read it: without user and password."""
    return _LOGIN.sub("", text)


def _is_number(text: str) -> bool:
    # "²" is a digit to Python, and no number.
    return text.isascii() and text.isdigit()
