"""A film of what a live session draws, encoded in a thread of its own."""

from __future__ import annotations

import queue
import shutil
import threading
from pathlib import Path

from emocam.errors import OutputError, reason_of
from emocam.io.letterbox import letterbox
from emocam.types import ImageU8

_STILL_EVERY_S = 0.5  # frames of a film while the camera gives none
_MOST_WAITING = 10  # pictures in the queue; when it is full, newer ones are dropped
_FINISH_S = 30.0
_ROOM_MB = 20  # that must be left on the disk: completing a film of hours takes some of it
_ROOM_EVERY_S = 1.0

# Unbounded, so that the end can be told to an encoder that hangs; `write` keeps to the limit.
_Waiting = queue.SimpleQueue[tuple[ImageU8, float] | None]


class LiveFilm:
    """A film that is started and stopped by a key.

    Attributes
    ----------
    path
        Path of the current film; None while nothing is recorded.
    left_out
        Number of pictures dropped because encoding was too slow.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self.left_out = 0
        self._thread: threading.Thread | None = None
        self._waiting: _Waiting = queue.SimpleQueue()
        self._error: Exception | None = None
        self._last_s = -1.0

    def start(self, path: Path) -> None:
        """Begin with the next picture."""
        self.path, self._error, self._last_s = path, None, -1.0

    def write(self, drawn_bgr: ImageU8, time_s: float, fps: float, *, is_new: bool) -> None:
        """Append a picture, if a film is being made; returns at once.

        Parameters
        ----------
        drawn_bgr
            What is shown. It must not be changed afterwards.
        time_s
            Its time in seconds.
        fps
            The camera's rate.
        is_new
            Whether the camera gave it; a picture that only stands still is kept twice a second.

        Raises
        ------
        OutputError
            When the film can't be written; recording then stops.
        """
        if self.path is None or time_s <= self._last_s + (0.0 if is_new else _STILL_EVERY_S):
            return
        if self._error is not None:
            self.stop()
        if self._thread is None:
            arguments = (self.path, self._waiting, fps)
            self._thread = threading.Thread(target=self._encode, args=arguments, name="film")
            self._thread.start()
        if self._waiting.qsize() >= _MOST_WAITING:
            self.left_out += 1
            return
        self._waiting.put((drawn_bgr, time_s))
        self._last_s = time_s

    def stop(self) -> Path | None:
        """Finish the film; its path where one was made.

        Raises
        ------
        OutputError
            When it could not be written.
        """
        path, thread = self.path, self._thread
        self.path = self._thread = None
        if thread is None:
            return None
        self._waiting.put(None)
        thread.join(_FINISH_S)
        self._waiting = queue.SimpleQueue()
        if self._error is not None:
            raise self._error
        if thread.is_alive():
            raise OutputError(f"{path} is still being written: it appears when it is complete")
        return path

    def _encode(self, path: Path, waiting: _Waiting, fps: float) -> None:
        from emocam.io.video_writer import FilmRecorder  # 17 MB that most sessions don't need

        picture = waiting.get()
        if picture is None:
            return
        size_wh = picture[0].shape[1], picture[0].shape[0]
        try:
            with FilmRecorder(path, size_wh, fps=fps, keep_partial=True) as film:
                next_look_s = picture[1]
                while picture is not None:
                    film.write(letterbox(picture[0], size_wh), picture[1])
                    if picture[1] >= next_look_s:
                        _check_room(path)
                        next_look_s = picture[1] + _ROOM_EVERY_S
                    picture = waiting.get()
        except Exception as error:  # noqa: BLE001 -- raised again by `write` or `stop`
            known = isinstance(error, OutputError)
            self._error = error if known else OutputError(f"{path}: {reason_of(error)}")
            while picture is not None:  # `write` must never block
                picture = waiting.get()


def _check_room(path: Path) -> None:
    """Raise OutputError while the film can still be completed; on a full disk it would be lost."""
    left_mb = shutil.disk_usage(path.parent).free >> 20
    if left_mb < _ROOM_MB:
        raise OutputError(f"{path} ends here, complete: {left_mb} MB are left on its disk")
