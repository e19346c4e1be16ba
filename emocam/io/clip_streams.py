"""The streams of a clip, pictures and sound, each read from an open file of its own."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emocam.io.containers import av, open_container
from emocam.io.letterbox import letterbox
from emocam.types import ImageU8

from av.error import FFmpegError  # isort: skip
from av.video.reformatter import VideoReformatter  # isort: skip

# The conversion takes less time than it takes to start the threads that PyAV 17 and later use.
_ONE_THREAD: dict[str, Any] = {"threads": 1} if int(av.__version__.split(".")[0]) >= 17 else {}
_PATIENCE = 60  # times in a row that reading may fail in a damaged file
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
# Pixel formats whose first plane is the brightness, a byte a pixel.
_WITH_LUMA = frozenset({"gray", "nv12", "nv21"}) | {
    f"yuv{range}{sampling}p" for range in ("", "j") for sampling in ("420", "422", "444")
}


class _Packets:
    """The packets of one stream; the file is open until `close`."""

    def __init__(self, path: Path, kind: str, from_s: float) -> None:
        self.container = open_container(path)
        try:
            self.stream = self.container.streams.best(kind)
            if self.stream is None or self.stream.codec_context is None:
                raise ValueError(f"no {kind} that can be decoded")
            video = self.container.streams.best("video")
            self.zero_s = float((video.start_time or 0) * (video.time_base or 0))
            if from_s > 0:
                aim = math.floor((self.zero_s + from_s) / video.time_base)
                self.container.seek(aim, stream=video)
            self._packets = self.container.demux(self.stream)
        except BaseException:
            self.close()
            raise

    def take(self) -> Any:
        """The next packet, None at the end."""
        for _ in range(_PATIENCE):
            try:
                packet = next(self._packets, None)
            except FFmpegError:
                self._packets = self.container.demux(self.stream)
                continue
            if packet is None or packet.size:  # PyAV ends with an empty one
                return packet
        return None

    def close(self) -> None:
        self.container.close()


class ClipPictures:
    """Decodes the pictures of a clip one by one; closed by `close`.

    Parameters
    ----------
    path
        A file that PyAV's FFmpeg decodes.
    from_s
        Where to begin, at the key frame before this time; at the first picture where the file
        can't be searched.

    Attributes
    ----------
    fps
        Average frames a second, 0 where the file doesn't say.
    frame_count
        About how many frames there are, 0 where the file doesn't say.
    size_wh
        Width and height of the upright frames in square pixels, as players show them; those of
        another size get black margins.
    first_s
        Time of the first frame that comes, in seconds from the clip's first picture; 0 where the
        file has no times.
    from_s
        Where reading began; 0 where the file can't be searched.

    Raises
    ------
    FFmpegError
        When the file can't be opened.
    ValueError
        When there is no picture in it that can be decoded.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self._of_thread = threading.local()  # a converter each
        self._frame: Any = None
        self.from_s = from_s
        try:
            self._open(path, from_s)
            if from_s <= 0 or 0 < self.first_s <= from_s:
                return
            self.close()
        except (FFmpegError, ValueError):  # nothing is open
            if from_s <= 0:
                raise
        self.from_s = 0.0
        self._open(path, 0.0)

    def _open(self, path: Path, from_s: float) -> None:
        """Open the file and decode its first frame, which `grab` gives again."""
        self._packets = _Packets(path, "video", from_s)
        try:
            stream, container = self._packets.stream, self._packets.container
            self._decoder = _decoder(stream)
            self._decoded: deque[Any] = deque()
            self._ended = False
            self._aspect = _aspect(stream)
            self.fps = float(stream.guessed_rate or stream.average_rate or 0)
            lasts_s = (container.duration or 0) / av.time_base
            self.frame_count = stream.frames or round(lasts_s * self.fps)
            if not self.grab():
                raise ValueError("no picture that can be decoded")
            first = self._frame
            self._decoded.appendleft(first)
            turned = round(first.rotation) % 180 == 90
            width, height = self._square_wh(first)
            self.size_wh = (height, width) if turned else (width, height)
            first_s = self.time_s()
            self.first_s = first_s if math.isfinite(first_s) else 0.0
        except BaseException:
            self.close()
            raise

    def grab(self) -> bool:
        """Go to the next picture; False at the end."""
        while not self._decoded and not self._ended:
            packet = self._packets.take()
            self._ended = packet is None
            try:
                self._decoded.extend(self._decoder.decode(packet))
            except FFmpegError:
                continue  # a damaged packet: the next ones may be whole
        self._frame = self._decoded.popleft() if self._decoded else None
        return self._frame is not None

    def time_s(self) -> float:
        """When the picture is shown, in seconds from the clip's first; NaN if it isn't known."""
        ticks = self._frame.dts if self._frame.pts is None else self._frame.pts
        if ticks is None:
            return math.nan
        return float(ticks * self._packets.stream.time_base) - self._packets.zero_s

    def picture(self) -> ImageU8 | None:
        """The picture, upright, shape (height, width, 3), uint8, BGR; None if damaged."""
        return self._converted(self._frame)

    def later(self) -> Callable[[], ImageU8 | None]:
        """What gives the same whenever it is called, in any thread."""
        return partial(self._converted, self._frame)

    def luma(self) -> ImageU8 | None:
        """The brightness as it is stored, shape (height, width), uint8, as the camera was held.

        It costs nothing. None where the picture is not stored with a plane of 8 bits for it.
        """
        frame = self._frame
        if frame.format.name not in _WITH_LUMA or frame.planes[0].line_size < frame.width:
            return None
        rows = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
        return rows[: frame.height, : frame.width]

    def _converted(self, frame: Any) -> ImageU8 | None:
        if not hasattr(self._of_thread, "to_bgr"):
            self._of_thread.to_bgr = VideoReformatter()
        to_bgr: VideoReformatter = self._of_thread.to_bgr
        try:
            width, height = self._square_wh(frame)
            image = to_bgr.reformat(frame, width, height, "bgr24", **_ONE_THREAD).to_ndarray()
        except (FFmpegError, ValueError):
            return None
        turn = _TURNS.get(round(frame.rotation) % 360)
        upright = image if turn is None else cv2.rotate(image, turn)
        # A recorded call changes its size as the network does, and a phone as it is turned.
        return letterbox(upright.astype(np.uint8, copy=False), self.size_wh)

    def _square_wh(self, frame: Any) -> tuple[int, int]:
        """Size in which pixels are square and none is lost, as the camera was held."""
        if self._aspect >= 1:
            return round(frame.width * self._aspect), frame.height
        return frame.width, round(frame.height / self._aspect)

    def close(self) -> None:
        """Close the file."""
        self._packets.close()


class ClipSound:
    """The packets of a clip's sound, in order; closed by `close`.

    Parameters
    ----------
    path
        A file that PyAV's FFmpeg decodes.
    from_s
        Where to begin, in seconds from the clip's first picture.

    Attributes
    ----------
    stream
        PyAV's stream of the sound.
    zero_s
        Time in the stream of the clip's first picture, in seconds.

    Raises
    ------
    FFmpegError
        When the file can't be opened.
    ValueError
        When there is no sound in it.
    """

    def __init__(self, path: Path, from_s: float = 0.0) -> None:
        self._packets = _Packets(path, "audio", from_s)
        self.stream, self.zero_s = self._packets.stream, self._packets.zero_s

    def take(self) -> Any:
        """The next packet that has a time, None at the end."""
        while True:
            packet = self._packets.take()
            if packet is None or packet.pts is not None:
                return packet

    def close(self) -> None:
        """Close the file."""
        self._packets.close()


def _aspect(stream: Any) -> float:
    """Width of a pixel by its height, as camcorders and DVDs have others than 1."""
    aspect = float(stream.sample_aspect_ratio or 1)
    # Encoders round, and what is extreme is a fault.
    return aspect if abs(aspect - 1) > 0.02 and 0.25 <= aspect <= 4 else 1.0


def _decoder(stream: Any) -> Any:
    decoder = stream.codec_context
    # Each of its threads holds frames; two keep up with what is done with them.
    decoder.thread_type, decoder.thread_count = "AUTO", 2
    return decoder
