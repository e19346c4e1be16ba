"""What a live session keeps, when asked: a log, single pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import cv2

from emocam.errors import OutputError
from emocam.io.camera import Gap
from emocam.io.table_formats import Table
from emocam.io.tables import status_row
from emocam.live.senders.messages import Mark
from emocam.output import complete_file
from emocam.readings import FrameReadings
from emocam.types import ImageU8


class Log:
    """Rows of a table as readings come: one a face, and where there is none, when that began.

    Parameters
    ----------
    table
        An open table that grows in view.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._had_face: dict[str, bool] = {}  # by source

    def add(
        self,
        frames: Sequence[FrameReadings],
        gaps: Sequence[Gap] = (),
        marks: Sequence[Mark] = (),
    ) -> None:
        """Write what came since the last call, and bring it to the file."""
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
            self._table.write(rows)
            self._table.flush()


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
