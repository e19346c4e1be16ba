"""A film of annotated frames: H.264 with the clip's own sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from emocam.errors import OutputError
from emocam.io.clip_streams import ClipSound
from emocam.io.h264 import H264Film
from emocam.output import growing_file, unwritten
from emocam.types import ImageU8

from av.error import FFmpegError  # isort: skip


class FilmRecorder:
    """An mp4 file that appears under its name only when it is finished.

    It is H.264 with the frames' true times, and copies the sound of a clip.

    Parameters
    ----------
    path
        Where the film goes.
    size_wh
        Width and height of every frame in pixels. Odd sides are padded to even ones, which the
        codec needs.
    fps
        Average frames a second.
    sound
        Sound of a clip to copy. The frames' times must then be those of this clip, in
        seconds from its first picture; sound before the first and after the last frame is left
        out.
    keep_partial
        Whether the film is finished under its name when the block raises; otherwise it is
        removed.

    Attributes
    ----------
    frames
        How many were written.
    lacks
        What a film made here lacks, to follow its name in a message, else empty.

    Raises
    ------
    OutputError
        When the file can't be written; from `write` and from leaving the block as well.
    """

    def __init__(
        self,
        path: Path,
        size_wh: tuple[int, int],
        *,
        fps: float,
        sound: ClipSound | None = None,
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
        self.lacks = ""
        self._last_s = float("-inf")
        self._ending = ExitStack()

    def __enter__(self) -> FilmRecorder:
        with ExitStack() as opening:
            temporary = opening.enter_context(growing_file(self.path))
            with self._no_other_errors():
                self._film = self._open(temporary)
            opening.callback(self._close)
            self._ending = opening.pop_all()
        return self

    def _open(self, temporary: Path) -> H264Film:
        even_wh = self.size_wh[0] + self.size_wh[0] % 2, self.size_wh[1] + self.size_wh[1] % 2
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
        with self._no_other_errors():
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
        elif self.frames and self.keep_partial and not self._film.is_lost:
            kind = error = trace = None
        self._ending.__exit__(kind, error, trace)

    def _close(self) -> None:
        with self._no_other_errors():
            self._film.close()

    @contextmanager
    def _no_other_errors(self) -> Iterator[None]:
        """Turn an error of FFmpeg into an OutputError."""
        try:
            yield
        except (FFmpegError, ValueError) as error:
            raise unwritten(f"the film {self.path}", error) from error


def _even(frame_bgr: ImageU8) -> ImageU8:
    height, width = frame_bgr.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return frame_bgr
    padded = cv2.copyMakeBorder(frame_bgr, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return padded.astype(np.uint8, copy=False)
