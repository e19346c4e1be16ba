"""A film of annotated frames: H.264 with the clip's own sound where PyAV is installed."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from emocam.errors import OutputError
from emocam.output import complete_file
from emocam.types import ImageU8

if TYPE_CHECKING:
    from emocam.io.packets import SoundPackets

_LACKS = 'is MPEG-4 without sound, which browsers don\'t play: pip install "emocam[video]"'


class _Film(Protocol):
    """What writes the file: frames of even sides, at times that grow."""

    def write(self, frame_bgr: ImageU8, time_s: float) -> None: ...

    def close(self) -> None: ...


class FilmRecorder:
    """An mp4 file that appears under its name only when it is finished.

    With PyAV (the extra `video`) it is H.264 with the frames' true times, and takes over the
    sound of a clip. Without, it is MPEG-4 Part 2 at a constant rate, where frames are repeated or
    left out so that the times hold to half a frame, and `lacks` says so.

    Parameters
    ----------
    path
        Where the film goes.
    size_wh
        Width and height of every frame in pixels. Odd sides gain a pixel, since neither codec
        knows them.
    fps
        Average frames a second; the constant rate where there is no PyAV.
    sound
        Sound of a clip that is taken over. The frames' times must then be those of this clip, in
        seconds from its first picture; sound before the first and after the last frame is left
        out.
    keep_partial
        Whether the film is finished, and keeps its name, when the block raises. Otherwise
        nothing stays.

    Attributes
    ----------
    frames
        How many were written.
    lacks
        What a film made here lacks, to follow its name in a message, else empty.
    plays_in_browsers
        Whether it is H.264.

    Raises
    ------
    OutputError
        When the file can't be written.
    """

    def __init__(
        self,
        path: Path,
        size_wh: tuple[int, int],
        *,
        fps: float,
        sound: SoundPackets | None = None,
        keep_partial: bool = False,
    ) -> None:
        if not fps > 0:
            raise ValueError(f"fps is above 0, got {fps}")
        self.path = path
        self.size_wh = size_wh
        self.fps = fps
        self.sound = sound
        self.keep_partial = keep_partial
        self.frames = 0
        self.plays_in_browsers = can_write_h264()
        self.lacks = "" if self.plays_in_browsers else _LACKS
        self._last_s = float("-inf")
        self._ending = ExitStack()

    def __enter__(self) -> FilmRecorder:
        with ExitStack() as opening:
            temporary = opening.enter_context(complete_file(self.path))
            self._film = self._open(temporary)
            opening.callback(self._film.close)
            self._ending = opening.pop_all()
        return self

    def _open(self, temporary: Path) -> _Film:
        even_wh = self.size_wh[0] + self.size_wh[0] % 2, self.size_wh[1] + self.size_wh[1] % 2
        if not self.plays_in_browsers:
            return _ConstantRateFilm(temporary, even_wh, self.fps)
        from emocam.io.h264 import H264Film

        film = H264Film(temporary, even_wh, self.fps, self.sound)
        self.lacks = film.lacks
        return film

    def write(self, frame_bgr: ImageU8, time_s: float) -> None:
        """Append a frame.

        Parameters
        ----------
        frame_bgr
            Shape (height, width, 3), uint8, blue first.
        time_s
            When it is shown, in seconds; later than the frame before. The film begins with its
            first frame.

        Raises
        ------
        ValueError
            When it has another size (OpenCV would only warn and leave an unreadable file), or
            comes before the last one.
        """
        size_wh = frame_bgr.shape[1], frame_bgr.shape[0]
        if size_wh != self.size_wh:
            raise ValueError(f"frames of this film are {self.size_wh}, got {size_wh}")
        if time_s <= self._last_s:
            raise ValueError(f"time goes on from frame to frame: {time_s} after {self._last_s}")
        self._film.write(_even(frame_bgr), time_s)
        self._last_s = time_s
        self.frames += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.frames and error is None:
            error = OutputError(f"no frame for the film {self.path}")  # nothing stays
            kind = type(error)
        elif self.frames and self.keep_partial:
            kind = error = trace = None
        self._ending.__exit__(kind, error, trace)


def can_write_h264() -> bool:
    """Whether PyAV is installed and works."""
    try:
        importlib.import_module("emocam.io.h264")
    except ImportError:
        return False
    return True


def _even(frame_bgr: ImageU8) -> ImageU8:
    height, width = frame_bgr.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame_bgr
    padded = cv2.copyMakeBorder(frame_bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8, copy=False)


class _ConstantRateFilm:
    """MPEG-4 Part 2, which OpenCV's own wheel can write; its times are frame numbers."""

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: float) -> None:
        self._fps = fps
        self._first_s: float | None = None
        self._written = 0
        self._held: ImageU8 | None = None
        self._path = path
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, fps, size_wh)
        if not self._writer.isOpened():
            raise OutputError(f"can't write a film in {path.parent}")

    def write(self, frame_bgr: ImageU8, time_s: float) -> None:
        if self._first_s is None:
            self._first_s = time_s
        # The newest frame is held back: how often it is shown is known when the next one comes.
        self._fill(round((time_s - self._first_s) * self._fps))
        self._held = frame_bgr

    def _fill(self, until: int) -> None:
        while self._held is not None and self._written < until:
            self._writer.write(self._held)
            self._written += 1

    def close(self) -> None:
        self._fill(self._written + 1)
        self._writer.release()
