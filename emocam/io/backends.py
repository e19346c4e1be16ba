"""One open camera, stream or file, through the OpenCV backend that fits.

Backends differ by system, and their issue threads tell what each needs: time-outs count only
when given at open to FFMPEG by name; V4L2 waits 10 s for a frame unless told otherwise before
the first capture; MSMF opens slowly unless its hardware transforms are off
(https://github.com/opencv/opencv/issues/17687, /27917).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from emocam.errors import SourceError
from emocam.io.address import Address
from emocam.io.camera_device import why_not_open
from emocam.io.screen import ScreenCapture
from emocam.types import ImageU8

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 3.0
_CAMERA_NODES = 10  # numbers that are tried where the system can't list its cameras
_MJPG = cv2.VideoWriter.fourcc(*"MJPG")
_PROTOCOLS = "http,https,httpproxy,tls,tcp,udp,rtp,srtp,rtsp,rtmp,crypto,data"
_JPEG_END = b"\xff\xd9"
_JPEG_TAIL = 1024  # some cameras pad a picture behind its end mark


class GarbledPicture(SourceError):
    """One picture can't be decoded; the next may be good."""


class EndOfFile(SourceError):
    """A file has been shown to its end."""


@dataclass(frozen=True)
class CameraSettings:
    """Settings requested from a camera, which may choose others."""

    # Width and height in pixels; None takes what the camera gives by itself
    size_wh: tuple[int, int] | None = None
    fps: float | None = None  # frames a second; None takes what the camera gives by itself


class Capture(Protocol):
    """An open source."""

    @property
    def backend(self) -> str:
        """Name of the backend, such as V4L2."""
        ...

    def read(self) -> ImageU8:
        """Wait for the next picture, shape (height, width, 3), uint8, blue first.

        Raises
        ------
        GarbledPicture
            When this one can't be decoded.
        EndOfFile
            When a file has come to its end.
        SourceError
            When the source has failed and must be opened again.
        """
        ...

    def release(self) -> None:
        """Release the source."""
        ...


def open_capture(address: Address, settings: CameraSettings) -> Capture:
    """Open a camera, a stream, a screen, or a file that is shown as if it were live.

    Raises
    ------
    SourceError
        When it can't be opened.
    """
    if address.kind == "stream":
        return _open_stream(address)
    if address.kind == "screen":
        return ScreenCapture(address.text, settings.fps)
    if address.kind == "path":
        return _FileCapture(Path(address.text))
    return _open_device(address, settings)


def device_backends(system: str = sys.platform) -> tuple[int, ...]:
    """OpenCV's backends for cameras, in the order in which they are tried."""
    if system.startswith("linux"):
        return (cv2.CAP_V4L2, cv2.CAP_ANY)
    if system == "darwin":
        return (cv2.CAP_AVFOUNDATION, cv2.CAP_ANY)
    if system == "win32":
        return (cv2.CAP_MSMF, cv2.CAP_DSHOW, cv2.CAP_ANY)
    return (cv2.CAP_ANY,)


def find_cameras() -> list[Address]:
    """Cameras of this computer that may exist, by number; none of them is opened."""
    if sys.platform.startswith("linux"):
        names = (node.name[len("video") :] for node in Path("/dev").glob("video*"))
        numbers = sorted(int(name) for name in names if name.isdigit())
    else:
        numbers = list(range(_CAMERA_NODES))
    return [Address("camera", str(number)) for number in numbers]


def prepare_backends() -> None:
    """Set what OpenCV's backends read from the environment, unless the user has set it."""
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(round(READ_TIMEOUT_S)))
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # emocam reports errors itself


def quiet_opencv() -> None:
    """Keep OpenCV's messages off the terminal: emocam reports errors in one line."""
    # Until 4.12 it stood elsewhere.
    set_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_level(0)  # silent


class _OpenCVCapture:
    def __init__(self, capture: cv2.VideoCapture, address: Address) -> None:
        self._capture, self._address = capture, address

    @property
    def backend(self) -> str:
        return str(self._capture.getBackendName())

    def read(self) -> ImageU8:
        ok, image = self._capture.read()
        if not ok or image is None:
            raise SourceError(f"{self._address.kind} {self._address.text} gives no more pictures")
        return np.asarray(image, dtype=np.uint8)

    def release(self) -> None:
        self._capture.release()


class _JpegCapture(_OpenCVCapture):
    """A stream of JPEG pictures, taken as they come and decoded here.

    OpenCV's own decoding hides truncated pictures, and scales a stream that changes its size to
    the first one; the undecoded bytes show both.
    """

    def read(self) -> ImageU8:
        data = super().read().ravel()
        if _JPEG_END not in data[-_JPEG_TAIL:].tobytes():
            raise GarbledPicture("a picture without an end")
        try:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error as error:  # a header that tells of 60,000 × 60,000 pixels
            raise GarbledPicture("a picture with a damaged header") from error
        if image is None:
            raise GarbledPicture("a picture that is none")
        return np.asarray(image, dtype=np.uint8)


class _FileCapture:
    """A video file at its own pace: a frame comes no earlier than its time in the file."""

    backend = "PyAV"

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise SourceError(f"{path} is a folder: name one clip in it")
        if not path.is_file():
            raise SourceError(f"there is no file {path} (a camera is a number, such as 0)")
        from emocam.io.video_reader import VideoFile  # 17 MB that a camera doesn't need

        self._path = path
        self._opened = ExitStack()
        self._frames = iter(self._opened.enter_context(VideoFile(path)))
        self._start_s: float | None = None

    def read(self) -> ImageU8:
        frame = next(self._frames, None)
        if frame is None:
            raise EndOfFile(f"the end of {self._path}")
        time_s = frame.time_s or 0.0
        if self._start_s is None:
            self._start_s = time.monotonic() - time_s
        time.sleep(max(0.0, self._start_s + time_s - time.monotonic()))
        return frame.image_bgr

    def release(self) -> None:
        self._opened.close()


def _open_stream(address: Address) -> Capture:
    timeouts = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(OPEN_TIMEOUT_S * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(READ_TIMEOUT_S * 1000),
    ]  # fmt: skip
    with _stream_protocols():
        capture = _try(partial(cv2.VideoCapture, address.text, cv2.CAP_FFMPEG, timeouts))
    if capture is None:
        raise SourceError(
            f"can't open stream {address.text}: is it running, and "
            "are address, user and password right?"
        )
    is_jpeg = int(capture.get(cv2.CAP_PROP_FOURCC)) == _MJPG
    if is_jpeg and capture.set(cv2.CAP_PROP_FORMAT, -1):  # -1: give the bytes as they come
        return _JpegCapture(capture, address)
    return _OpenCVCapture(capture, address)


@contextmanager
def _stream_protocols() -> Iterator[None]:
    """Let FFmpeg follow a stream's playlist to other streams only, never to a file here.

    OpenCV takes FFmpeg's options from the environment, at the moment of opening. It belongs to the
    whole process, whose other captures may well read files, so it is put back at once.
    """
    name = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
    before = os.environ.get(name)
    own = before or "rtsp_transport;tcp"  # OpenCV's own default
    os.environ[name] = f"{own}|protocol_whitelist;{_PROTOCOLS}"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _open_device(address: Address, settings: CameraSettings) -> Capture:
    place = address.text if address.camera_index is None else address.camera_index
    for backend in device_backends():
        capture = _try(partial(cv2.VideoCapture, place, backend))
        if capture is not None:
            _ask_for(capture, settings)
            return _OpenCVCapture(capture, address)
    others = [camera.text for camera in find_cameras() if camera != address]
    is_linux = sys.platform.startswith("linux")
    known = f"cameras here: {', '.join(others) or 'none'}" if is_linux else "try another number"
    reason = ""
    if is_linux:
        reason = why_not_open(Path(f"/dev/video{place}" if isinstance(place, int) else place))
    raise SourceError(
        f"can't open camera {address.text}: "
        + (reason or "is it connected, free, and allowed to be used?")
        + f" ({known}; emocam doctor tells more)"
    )


def _try(open_it: Callable[[], cv2.VideoCapture]) -> cv2.VideoCapture | None:
    try:
        capture = open_it()
    except cv2.error:  # a backend that this build of OpenCV lacks
        return None
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _ask_for(capture: cv2.VideoCapture, settings: CameraSettings) -> None:
    if settings.size_wh is not None or settings.fps is not None:
        # Uncompressed, USB carries 30 frames a second only up to about 640×480.
        capture.set(cv2.CAP_PROP_FOURCC, _MJPG)
    if settings.size_wh is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.size_wh[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.size_wh[1])
    if settings.fps is not None:
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # refused by some backends, which is no harm


def camera_sizes(address: Address, sizes_wh: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which of some sizes a camera really gives when it is asked for them."""
    given = []
    for size_wh in sizes_wh:
        capture = _open_device(address, CameraSettings(size_wh))
        try:
            image = capture.read()
        except SourceError:
            continue
        finally:
            capture.release()
        if (image.shape[1], image.shape[0]) == size_wh:
            given.append(size_wh)
    return given
