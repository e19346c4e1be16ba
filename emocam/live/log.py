"""What a live session keeps, when asked: a log, single pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import cv2

from emocam.errors import OutputError
from emocam.io.camera import Gap
from emocam.io.table_formats import Row, Table
from emocam.io.tables import status_row
from emocam.live.senders.messages import Mark
from emocam.output import complete_file
from emocam.readings import FrameReadings
from emocam.types import ImageU8


class Log:
    """Writes rows as readings come: one a face, and where there is none, when that began.

    A thread of its own writes them, so that a slow disk never holds up the picture. Used in a
    `with` block, which opens and closes the table.

    Parameters
    ----------
    table
        A table that grows in view.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._thread = ThreadPoolExecutor(1, "log")  # opens and closes too: SQLite wants one thread
        self._writes: deque[Future[None]] = deque()
        self._had_face: dict[str, bool] = {}  # by source

    def __enter__(self) -> Log:
        try:
            self._thread.submit(self._table.__enter__).result()
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            self._thread.submit(self._table.__exit__, None, None, None).result()
        self._check()

    def add(
        self,
        frames: Sequence[FrameReadings],
        gaps: Sequence[Gap] = (),
        marks: Sequence[Mark] = (),
    ) -> None:
        """Have what came since the last call written and flushed; returns at once.

        Raises
        ------
        OutputError
            When an earlier call's rows could not be written.
        """
        self._check()
        rows = [
            status_row(gap.source, "gap", _gap_reason(gap), frame=gap.frame, time_s=gap.start_s)
            for gap in gaps
        ]
        rows += [status_row(one.source, "mark", one.name, time_s=one.time_s) for one in marks]
        for one in frames:
            if one:
                rows += one.rows()
            elif self._had_face.get(one.source, True):
                rows += [{**row, "reason": "from here on"} for row in one.rows()]
            self._had_face[one.source] = bool(one)
        if rows:
            self._writes.append(self._thread.submit(self._write, rows))

    def _write(self, rows: list[Row]) -> None:
        self._table.write(rows)
        self._table.flush()

    def _check(self) -> None:
        """Raise what went wrong in the thread."""
        while self._writes and self._writes[0].done():
            self._writes.popleft().result()


def save_picture(image_bgr: ImageU8, path: Path) -> None:
    """Write a PNG.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    ok, data = cv2.imencode(".png", image_bgr)
    if not ok:
        raise OutputError(f"can't make a PNG of {image_bgr.shape[1]}×{image_bgr.shape[0]}")
    with complete_file(path) as temporary:
        temporary.write_bytes(data.tobytes())


def dated_path(folder: Path, ending: str) -> Path:
    """A new file's name from the time, such as emocam-20260131-142530-123.png."""
    now = datetime.now()
    return folder / f"emocam-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}{ending}"


def _gap_reason(gap: Gap) -> str:
    return f"{gap.reason} ({gap.seconds:.1f} s)"
