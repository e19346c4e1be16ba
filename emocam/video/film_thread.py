"""Encoding in a thread of its own, so that the next frames are drawn meanwhile."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from emocam.io.video_writer import FilmRecorder
from emocam.types import ImageU8

_MOST_WAITING = 4  # frames


class FilmThread:
    """Writes frames into a film in order; all are written when the `with` block ends.

    Errors of the film are raised by a later `write`, or as the block ends.

    Parameters
    ----------
    film
        An open film.
    """

    def __init__(self, film: FilmRecorder) -> None:
        self._film = film
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> FilmThread:
        return self

    def write(self, frame_bgr: ImageU8, time_s: float) -> None:
        """Append a frame, which must not be changed afterwards; see `FilmRecorder.write`."""
        if len(self._waiting) == _MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._film.write, frame_bgr, time_s))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.shutdown(cancel_futures=error is not None)
        if error is None:
            for written in self._waiting:
                written.result()
