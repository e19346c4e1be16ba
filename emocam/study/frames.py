"""The readings of a study as columns: a row a session and analysed frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from emocam.errors import InputError
from emocam.io.tables import HEAD_COLUMNS, label_columns
from emocam.output import complete_file
from emocam.recognition.labels import UNSURE

if TYPE_CHECKING:
    import pyarrow

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

NO_FACE = -1  # in `label_codes`: the participant's face was not found
NO_PICTURE = -2  # the camera or the file gave nothing then

HEAD = (
    "session", "frame", "time_s", "face", "x1", "y1", "x2", "y2", "detection",
    "yaw", "pitch", "roll", "status", "emotion", "certainty", "cluster", "others", "sharpness",
)  # fmt: skip


ANGLES = ("yaw", "pitch", "roll")


@dataclass(frozen=True, eq=False)
class SessionFrames:
    """One session's analysed frames in order of time, n of them."""

    labels: tuple[str, ...]  # the model's labels
    # Number and time in seconds of each frame; a photo counts as a second
    frame: npt.NDArray[np.int64]
    time_s: Floats
    face: npt.NDArray[np.int32]  # number of the face; -1 without one
    xyxy: npt.NDArray[np.int32]  # shape (n, 4), pixels; 0 without a face
    # NaN without a face, or where not known
    detection: npt.NDArray[np.float32]
    angles_deg: npt.NDArray[np.float32]  # shape (n, 3): yaw, pitch, roll
    label_codes: Codes  # number of the label, `len(labels)` for `unsure`, NO_FACE or NO_PICTURE
    certainty: npt.NDArray[np.float32]
    cluster: npt.NDArray[np.int32]  # number of the emotion cluster; -1 without a face
    others: npt.NDArray[np.int16]  # how many other faces were found
    sharpness: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]  # shape (n, labels), float32, NaN without a face

    def __len__(self) -> int:
        return len(self.time_s)

    def part(self, rows: Any) -> SessionFrames:
        """Some of the rows: a slice, a mask, or their numbers."""
        return SessionFrames(
            self.labels,
            *(getattr(self, name)[rows] for name in self.__dataclass_fields__ if name != "labels"),
        )

    def between(self, start_s: float, end_s: float | None) -> SessionFrames:
        """The frames of a part of the time."""
        first = int(np.searchsorted(self.time_s, start_s))
        last = len(self) if end_s is None else int(np.searchsorted(self.time_s, end_s))
        return self.part(slice(first, last))


def frames_from_rows(rows: Sequence[dict[str, Any]], labels: tuple[str, ...]) -> SessionFrames:
    """Columns from rows as `emocam video` writes them, one a frame.

    Parameters
    ----------
    rows
        In order of time; a row may have `others` and `sharpness` too.
    labels
        The model's labels.
    """
    codes = {label: number for number, label in enumerate(labels)} | {UNSURE: len(labels)}

    def column(name: str, default: float, kind: Any) -> Any:
        values = [row.get(name) for row in rows]
        return np.array([default if value is None else value for value in values], kind)

    def code(row: dict[str, Any]) -> int:
        if row["status"] == "ok":
            return codes.get(row["emotion"], len(labels))
        return NO_FACE if row["status"] == "no_face" else NO_PICTURE

    return _session_frames(column, np.array([code(row) for row in rows], np.int8), labels)


def to_arrow(frames: SessionFrames, session: str) -> pyarrow.Table:
    """The rows of one session as they stand in `frames.parquet`."""
    import pyarrow as pa

    n, labels = len(frames), frames.labels
    words = [*labels, UNSURE, None, None]  # the last two are reached by -2 and -1
    known = frames.label_codes >= 0
    status = np.where(known, "ok", np.where(frames.label_codes == NO_FACE, "no_face", "gap"))

    def masked(values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values, mask=~known)

    def known_only(values: npt.NDArray[Any]) -> pa.Array:
        return pa.array(values, mask=~known | np.isnan(values))

    def emotions() -> pa.Array:
        codes = pa.array(np.where(known, frames.label_codes, 0).astype(np.int8), mask=~known)
        return pa.DictionaryArray.from_arrays(codes, pa.array(words[: len(labels) + 1]))

    columns: dict[str, Any] = {
        "session": pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), pa.array([session])),
        "frame": pa.array(frames.frame.astype(np.int32), mask=frames.frame < 0),
        "time_s": pa.array(frames.time_s),
        "face": masked(frames.face),
        **{name: masked(frames.xyxy[:, n]) for n, name in enumerate(("x1", "y1", "x2", "y2"))},
        "detection": masked(frames.detection),
        **{name: known_only(frames.angles_deg[:, n]) for n, name in enumerate(ANGLES)},
        "status": pa.array(status).dictionary_encode(),
        "emotion": emotions(),
        "certainty": masked(frames.certainty),
        "cluster": masked(frames.cluster),
        "others": pa.array(frames.others),
        "sharpness": known_only(frames.sharpness),
        **{
            name: masked(frames.probabilities[:, n]) for n, name in enumerate(label_columns(labels))
        },
    }
    return pa.table(columns)


def from_arrow(table: pyarrow.Table, labels: tuple[str, ...]) -> SessionFrames:
    """Columns from a table with the columns of `emocam video`, or of `frames.parquet`."""
    have = set(table.column_names)
    n = table.num_rows

    def column(name: str, default: float, kind: Any) -> Any:
        if name not in have:
            return np.full(n, default, kind)
        values = table[name].to_numpy()
        if values.dtype.kind == "f" and not np.isnan(default):
            values = np.where(np.isnan(values), default, values)
        if values.dtype.kind == "O":
            values = np.array([default if one is None else one for one in values])
        return values.astype(kind)

    return _session_frames(column, _label_codes(table, labels), labels)


def _session_frames(
    column: Callable[[str, float, Any], Any], label_codes: Codes, labels: tuple[str, ...]
) -> SessionFrames:
    """Frames from whatever gives a column by its name, with a default for what is absent."""
    probabilities = [column(name, np.nan, np.float32) for name in label_columns(labels)]
    return SessionFrames(
        labels=labels,
        frame=column("frame", -1, np.int64),
        time_s=column("time_s", 0.0, np.float64),
        face=column("face", -1, np.int32),
        xyxy=np.stack([column(name, 0, np.int32) for name in ("x1", "y1", "x2", "y2")], axis=1),
        detection=column("detection", np.nan, np.float32),
        angles_deg=np.stack([column(name, np.nan, np.float32) for name in ANGLES], axis=1),
        label_codes=label_codes,
        certainty=column("certainty", np.nan, np.float32),
        cluster=column("cluster", -1, np.int32),
        others=column("others", 0, np.int16),
        sharpness=column("sharpness", np.nan, np.float32),
        probabilities=np.stack(probabilities, axis=1),
    )


def _label_codes(table: pyarrow.Table, labels: tuple[str, ...]) -> Codes:
    import pyarrow as pa
    import pyarrow.compute as pc

    def texts(name: str) -> Any:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        return column.cast(pa.string())

    index = pc.index_in(texts("emotion"), pa.array([*labels, UNSURE]))
    label_codes: Codes = pc.fill_null(index, NO_FACE).to_numpy(zero_copy_only=False).astype(np.int8)
    if "status" in table.column_names:
        gap = pc.invert(pc.is_in(texts("status"), pa.array(["ok", "no_face", ""])))
        label_codes[pc.fill_null(gap, False).to_numpy(zero_copy_only=False)] = NO_PICTURE
    return label_codes


def labels_of(column_names: Sequence[str]) -> tuple[str, ...]:
    """The labels that a table's columns tell: those after the head's."""
    rest = [name for name in column_names if name not in {*HEAD, *HEAD_COLUMNS}]
    return tuple(name.removeprefix("label_") for name in rest)


def write_frames(path: Path, sessions: Iterable[tuple[str, SessionFrames]]) -> None:
    """Write `frames.parquet`, a row group a session.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    import pyarrow.parquet as pq

    with complete_file(path) as temporary:
        writer = None
        try:
            for name, frames in sessions:
                table = to_arrow(frames, name)
                if writer is None:
                    writer = pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            temporary.touch()


def read_frames(path: Path) -> dict[str, SessionFrames]:
    """Read `frames.parquet`, or a CSV table of the same columns: the frames by session.

    Raises
    ------
    InputError
        When it is not such a table.
    """
    import pyarrow as pa

    sessions: dict[str, list[SessionFrames]] = {}
    try:
        for part in _parts(path):
            missing = {"session", "time_s", "emotion"} - set(part.column_names)
            if missing:
                raise InputError(f"{path} lacks the columns {', '.join(sorted(missing))}")
            labels = labels_of(part.column_names)
            if not labels:
                raise InputError(f"{path} has no column with a label's probability")
            for name, rows in _by_session(part):
                sessions.setdefault(name, []).append(from_arrow(rows, labels))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} can't be read as a table of frames: {error}") from error
    return {name: _joined(some) for name, some in sessions.items()}


def _parts(path: Path) -> Iterator[pyarrow.Table]:
    """The table in pieces, so that it is never in memory twice."""
    import pyarrow.csv
    import pyarrow.parquet

    if path.suffix.lower() == ".csv":
        yield pyarrow.csv.read_csv(path)
        return
    with pyarrow.parquet.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, use_threads=False)


def _by_session(table: pyarrow.Table) -> Iterable[tuple[str, pyarrow.Table]]:
    import pyarrow as pa

    names = table["session"].combine_chunks().cast(pa.string()).to_numpy(zero_copy_only=False)
    if not len(names):
        return
    starts = np.flatnonzero(np.r_[True, names[1:] != names[:-1]])
    for first, last in zip(starts, [*starts[1:], len(names)], strict=True):
        yield str(names[first]), table.slice(first, last - first)


def _joined(parts: Sequence[SessionFrames]) -> SessionFrames:
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    whole = SessionFrames(
        first.labels,
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in first.__dataclass_fields__
            if name != "labels"
        ),
    )
    return whole.part(np.argsort(whole.time_s, kind="stable"))
