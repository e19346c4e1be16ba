"""What is drawn, as a camera that Zoom, Teams and OBS can choose."""

from __future__ import annotations

import importlib.util
import sys
import threading
from typing import TYPE_CHECKING, Any

from emocam.errors import SetupError, reason_of
from emocam.io.letterbox import letterbox
from emocam.types import ImageU8

if TYPE_CHECKING:
    from typing_extensions import Self

_USUAL_FPS = 30.0
_JOIN_S = 2.0
_MISSING = {
    "linux": "no v4l2loopback device: sudo apt install v4l2loopback-dkms, then "
    "sudo modprobe v4l2loopback exclusive_caps=1 card_label=emocam",
    "darwin": "no OBS virtual camera: install OBS 30 or newer, start its virtual camera once",
    "win32": "no OBS virtual camera: install OBS, start its virtual camera once",
}


def check_virtual_camera() -> None:
    """Raise SetupError unless the package for it is installed."""
    if importlib.util.find_spec("pyvirtualcam") is None:
        raise SetupError('--virtual-camera needs: pip install "emocam[virtual-camera]"')


class VirtualCamera:
    """Hands pictures to a virtual camera in a thread of its own; the newest wins.

    Parameters
    ----------
    size_wh
        Size of the pictures; those of another size are fitted into it.

    Raises
    ------
    SetupError
        On entering, when this computer has no such device, with what makes one.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        self._changed = threading.Condition()
        self._picture: ImageU8 | None = None
        self._is_ending = False
        self._device: Any = None
        self._news: list[str] = []
        self._thread = threading.Thread(target=self._run, name="virtual camera", daemon=True)

    def __enter__(self) -> Self:
        import pyvirtualcam

        try:
            self._device = pyvirtualcam.Camera(
                *self._size_wh, _USUAL_FPS, fmt=pyvirtualcam.PixelFormat.BGR
            )
        except RuntimeError as error:
            mends = _MISSING.get(sys.platform, "no virtual camera")
            raise SetupError(f"{mends} ({reason_of(error).split('. ')[0]})") from error
        self._news.append(f"other programs can choose the camera {self._device.device}")
        self._thread.start()
        return self

    def show(self, drawn_bgr: ImageU8) -> None:
        """Offer a picture; returns at once. It must not be changed afterwards."""
        with self._changed:
            self._picture = drawn_bgr
            self._changed.notify()

    def take_news(self) -> list[str]:
        """What the user should know, since the last call."""
        with self._changed:
            news, self._news = self._news, []
        return news

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(_JOIN_S)
        self._device.close()

    def _run(self) -> None:
        while (picture := self._next()) is not None:
            try:
                self._device.send(letterbox(picture, self._size_wh))
            except Exception as error:  # noqa: BLE001 -- told to the user; the session goes on
                with self._changed:
                    self._news.append(f"the virtual camera takes no more: {reason_of(error)}")
                return

    def _next(self) -> ImageU8 | None:
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._is_ending)
            picture, self._picture = self._picture, None
            return None if self._is_ending else picture
