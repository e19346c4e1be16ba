"""Sessions that are tables of readings: of `emocam video`, `live --log` or `label`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from emocam.errors import InputError
from emocam.study.frames import NO_FACE, SessionFrames, from_arrow, labels_of
from emocam.study.participant_face import LARGEST, ParticipantFace
from emocam.study.segments import Segment, lasting_marks

if TYPE_CHECKING:
    import pyarrow

_MARK = "mark"  # status of the rows that a live session writes for its marks


def read_table_session(
    path: Path, face: ParticipantFace | None
) -> tuple[SessionFrames, list[Segment]]:
    """The participant's readings in a table, and the marks that are in it.

    Parameters
    ----------
    path
        A table of the kinds that emocam writes.
    face
        Which face is the participant's; by default the largest.

    Raises
    ------
    InputError
        When it is not such a table.
    """
    import pyarrow as pa

    try:
        table = _read(path)
    except (OSError, pa.ArrowInvalid, sqlite3.Error) as error:
        raise InputError(f"{path} can't be read as a table: {error}") from error
    missing = {"time_s", "emotion", "face"} - set(table.column_names)
    if missing:
        raise InputError(
            f"{path} is no table of emocam: it lacks the columns {', '.join(sorted(missing))}"
        )
    if not labels_of(table.column_names):
        raise InputError(f"{path} has no column with a label's probability")
    marks = _marks(table)
    table = _timed(table)
    if not table.num_rows:
        raise InputError(f"{path} holds no reading")
    frames = from_arrow(table, labels_of(table.column_names))
    return _one_a_frame(frames, face or LARGEST), marks


def _read(path: Path) -> pyarrow.Table:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.json
    import pyarrow.parquet

    ending = path.suffix.lower()
    if ending == ".csv":
        return pa.csv.read_csv(path)
    if ending == ".jsonl":
        return pa.json.read_json(path)
    if ending == ".parquet":
        return pa.parquet.read_table(path)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        cursor = database.execute("SELECT * FROM readings")
        names = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    return pa.table({name: list(values) for name, values in zip(names, columns, strict=True)})


def _marks(table: pyarrow.Table) -> list[Segment]:
    if not {"status", "reason"} <= set(table.column_names):
        return []
    rows = table.select(["status", "reason", "time_s"]).to_pylist()
    marks = [row for row in rows if row["status"] == _MARK and row["time_s"] is not None]
    return lasting_marks(
        [float(row["time_s"]) for row in marks], [str(row["reason"] or _MARK) for row in marks]
    )


def _timed(table: pyarrow.Table) -> pyarrow.Table:
    """The rows of frames, in order of time; photos get their number as a time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "status" in table.column_names:
        wanted = pa.array(["ok", "no_face", "gap"])
        table = table.filter(pc.is_in(table["status"].cast(pa.string()), wanted))
    if table["time_s"].null_count == table.num_rows and "source" in table.column_names:
        numbers = table["source"].combine_chunks().dictionary_encode().indices.cast(pa.float64())
        place = table.column_names.index("time_s")
        table = table.set_column(place, "time_s", numbers)
    table = table.filter(pc.is_valid(table["time_s"]))
    return table.take(pc.sort_indices(table, sort_keys=[("time_s", "ascending")]))


def _one_a_frame(frames: SessionFrames, mark: ParticipantFace) -> SessionFrames:
    """Of each frame the row of the participant's face, or one that says that it is not there."""
    x1, y1, x2, y2 = (frames.xyxy[:, n].astype(np.float64) for n in range(4))
    width, height = max(float(x2.max()), 1.0), max(float(y2.max()), 1.0)
    left, top, right, bottom = mark.region
    across, down = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height
    has_face = frames.label_codes >= 0
    own = (
        has_face
        & (across >= left)
        & ((across < right) | (right == 1.0))
        & (down >= top)
        & (down <= bottom)
        & ((x2 - x1) / height >= mark.smallest)
    )
    # The participant's face is the last of its frame's rows in this order.
    order = np.lexsort(((x2 - x1) * (y2 - y1), own, frames.time_s))
    times = frames.time_s[order]
    last = np.r_[times[1:] != times[:-1], True]
    chosen = order[last]
    faces = _sums(has_face[order].astype(np.int64), last)
    picked = frames.part(chosen)
    return _with_others(picked, own[chosen], faces)


def _sums(values: npt.NDArray[np.int64], last: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    ends = np.cumsum(values)[last]
    return np.asarray(np.diff(ends, prepend=0))


def _with_others(
    frames: SessionFrames, own: npt.NDArray[np.bool_], faces: npt.NDArray[np.int64]
) -> SessionFrames:
    not_there = ~own & (frames.label_codes >= 0)
    label_codes = np.where(not_there, NO_FACE, frames.label_codes).astype(np.int8)
    probabilities = np.where(not_there[:, None], np.nan, frames.probabilities).astype(np.float32)
    others = np.maximum(frames.others, faces - own).astype(np.int16)
    return replace(frames, label_codes=label_codes, probabilities=probabilities, others=others)
