"""The table that every command writes: columns, rows, and formats by ending."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocam.errors import UsageError
from emocam.io.table_formats import TABLE_FORMATS, Table
from emocam.output import check_free, check_no_dash, writing

if TYPE_CHECKING:
    from emocam.types import Reading

HEAD_COLUMNS = (
    "source", "frame", "time_s", "face", "x1", "y1", "x2", "y2", "detection",
    "yaw", "pitch", "roll", "status", "reason", "emotion", "certainty", "cluster",
)  # fmt: skip


def columns(labels: Sequence[str]) -> tuple[str, ...]:
    """All columns in order: the head, then one a label of the model."""
    return (*HEAD_COLUMNS, *label_columns(tuple(labels)))


@lru_cache(maxsize=8)
def label_columns(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Column of each label: the label itself, or `label_<it>` where that name is taken.

    SQL does not tell capital letters from small ones in a column's name, so neither does this.
    """
    taken, names = set(HEAD_COLUMNS), []
    for label in labels:
        name = label
        while name.lower() in taken:
            name = f"label_{name}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def reading_row(
    source: str, reading: Reading, *, frame: int | None = None, time_s: float | None = None
) -> dict[str, Any]:
    """The row of one face."""
    x1, y1, x2, y2 = reading.face.xyxy
    return {
        "source": source,
        "frame": frame,
        "time_s": None if time_s is None else round(time_s, 4),
        "face": reading.face.id,
        "x1": x1,
        "y1": y1,
        "x2": x2,
        "y2": y2,
        "detection": round(reading.face.detection, 4),
        "yaw": _rounded(reading.face.yaw),
        "pitch": _rounded(reading.face.pitch),
        "roll": _rounded(reading.face.roll),
        "status": "ok",
        "emotion": reading.emotion,
        "certainty": round(reading.certainty, 4),
        "cluster": reading.cluster,
        **{
            name: round(p, 4)
            for name, p in zip(label_columns(reading.labels), reading.probabilities, strict=True)
        },
    }


def _rounded(angle: float | None) -> float | None:
    return None if angle is None else round(angle, 1)


def status_row(
    source: str,
    status: str,
    reason: str = "",
    *,
    frame: int | None = None,
    time_s: float | None = None,
) -> dict[str, Any]:
    """The row of a picture without a face to read, and why."""
    row: dict[str, Any] = {"source": source, "frame": frame, "status": status, "reason": reason}
    row["time_s"] = None if time_s is None else round(time_s, 4)
    return row


def open_table(
    path: Path,
    labels: Sequence[str],
    *,
    force: bool = False,
    live: bool = False,
) -> Table:
    """A table to write rows to, in a `with` block; the ending says which kind.

    Parameters
    ----------
    path
        Ends in .csv, .jsonl (one JSON object a line), .parquet or .sqlite.
    labels
        The model's labels, which are the last columns.
    force
        Whether an existing table may be replaced.
    live
        The table stands under its own name from the start, and `flush` brings what was written
        to the file, so that others can read it while it grows. Otherwise it appears there only
        when the block ends well.

    Raises
    ------
    UsageError
        When the ending is none of these, the table exists and may not be replaced, or the kind
        can't grow in view (Parquet).
    OutputError
        On entering, when the file can't be made.
    """
    kind = check_table(path)
    if live:
        if not kind.grows:
            raise UsageError(f"{path}: a {path.suffix} file can't be read while it grows; use .csv")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
    check_free(path, force=force)
    return kind(path, columns(labels), live=live)


def check_table(path: Path) -> type[Table]:
    """The kind of table that a path's ending asks for.

    Raises
    ------
    UsageError
        When there is no such kind, or it is `-`.
    """
    check_no_dash(path)
    if path.suffix.lower() not in TABLE_FORMATS:
        raise UsageError(
            f"a table ends in {', '.join(TABLE_FORMATS)}; got '{path}': try {path.stem}.csv"
        )
    return TABLE_FORMATS[path.suffix.lower()]
