"""The plan of a study: which files are sessions, of which participant, under which condition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emocam.errors import UsageError
from emocam.io.clip_discovery import parse_time
from emocam.io.csv_rows import read_rows
from emocam.io.media_kind import PHOTO_ENDINGS, VIDEO_ENDINGS, other_command
from emocam.io.table_formats import TABLE_FORMATS
from emocam.study.participant_face import ParticipantFace, parse_face
from emocam.study.segments import Segment

NO_CONDITION = "all"
OWN_COLUMNS = ("file", "participant", "condition", "start", "end", "segment", "face", "marks")
_TABLE_HEAD = ("source", "frame", "time_s", "face", "x1")


@dataclass(frozen=True)
class Session:
    """One participant in one file."""

    name: str  # differs between the sessions of a study
    file: Path  # A clip, a folder of photos, or a table of readings
    # Who is seen, and under which condition
    participant: str
    condition: str = NO_CONDITION
    # The part that belongs to the session, in seconds; to the file's end when `end_s` is None
    start_s: float = 0.0
    end_s: float | None = None
    # Which of the faces is the participant's; None where the plan marks none
    face: ParticipantFace | None = None
    factors: tuple[tuple[str, str], ...] = ()  # further columns of the plan, with their values
    segments: tuple[Segment, ...] = ()  # those that the plan itself names
    marks: Path | None = None  # A file of marks of this session's own; None for none

    @property
    def is_table(self) -> bool:
        """Whether the file holds readings, not pictures."""
        return self.file.suffix.lower() in TABLE_FORMATS

    @property
    def is_photos(self) -> bool:
        """Whether the file is a folder of photos."""
        return self.file.is_dir()


def read_plan(plan: Path, *, leave_out: Path | None = None) -> list[Session]:
    """The sessions of a study.

    Parameters
    ----------
    plan
        A folder, of which each subfolder is a condition and each clip, table of readings or
        folder of photos in it a session; or a CSV table with the column `file`.
    leave_out
        A folder that holds no sessions: that of the results.

    Raises
    ------
    UsageError
        When there is no session in it, or a row can't be understood.
    """
    if plan.is_dir():
        sessions = list(_folder_sessions(plan, leave_out))
        if not sessions:
            raise UsageError(
                f"{plan} holds no clip and no folder of photos: expected {plan}/<condition>/<clip>"
            )
    elif hint := other_command(str(plan), "study"):
        raise UsageError(hint)
    elif plan.is_file():
        sessions = _table_sessions(plan)
    else:
        raise UsageError(f"there is no plan {plan}: expected a folder or a .csv table")
    return _checked(_named(sessions))


def _folder_sessions(plan: Path, leave_out: Path | None) -> Iterator[Session]:
    yield from _in_condition(plan, NO_CONDITION, below=False)
    for folder in _subfolders(plan, leave_out):
        yield from _in_condition(folder, folder.name, below=True)


def _in_condition(folder: Path, condition: str, *, below: bool) -> Iterator[Session]:
    """Clips, tables and photos of one condition; a subfolder of clips is one participant's."""
    for file in _session_files(folder):
        yield Session("", file, file.stem, condition)
    if below and _has_photos(folder):
        yield Session("", folder, folder.name, condition)
    for inner in _subfolders(folder, None) if below else ():
        files = _session_files(inner)
        for file in files:
            yield Session("", file, inner.name, condition)
        if _has_photos(inner):
            yield Session("", inner, inner.name, condition)


def _subfolders(folder: Path, leave_out: Path | None) -> list[Path]:
    out = None if leave_out is None else leave_out.resolve()
    return [
        one
        for one in sorted(folder.iterdir())
        if one.is_dir()
        and not one.name.startswith(".")
        and one.resolve() != out
        and not (one / "datapackage.json").exists()  # the results of an earlier study
    ]


def _session_files(folder: Path) -> list[Path]:
    """Clips, and tables of readings of which no clip of the same name is there."""
    files = [one for one in sorted(folder.iterdir()) if one.is_file() and one.name[0] != "."]
    clips = [one for one in files if one.suffix.lower() in VIDEO_ENDINGS]
    stems = {one.stem for one in clips}
    tables = [
        one
        for one in files
        if one.suffix.lower() in TABLE_FORMATS and one.stem not in stems and _is_readings(one)
    ]
    return sorted([*clips, *tables])


def _is_readings(file: Path) -> bool:
    """Whether a table is one that emocam wrote; of texts the first line tells."""
    if file.suffix.lower() in (".parquet", ".sqlite"):
        return True
    with file.open(encoding="utf-8", errors="replace") as text:
        first = text.readline()
    return all(name in first for name in _TABLE_HEAD)


def _has_photos(folder: Path) -> bool:
    return any(_is_photo(one) for one in folder.iterdir())


def _is_photo(file: Path) -> bool:
    return file.suffix.lower() in PHOTO_ENDINGS and file.is_file() and file.name[0] != "."


def photos_in(folder: Path) -> list[Path]:
    """The photos that lie in a folder, by name."""
    return sorted(one for one in folder.iterdir() if _is_photo(one))


def _table_sessions(plan: Path) -> list[Session]:
    rows = read_rows(plan)
    if not rows or "file" not in rows[0]:
        found = ", ".join(rows[0]) if rows else "no row"
        raise UsageError(
            f"{plan}: a plan needs the column 'file' (and participant, condition, start, end, "
            f"segment, face as needed); found {found}"
        )
    return _joined([_row_session(plan, number, row) for number, row in enumerate(rows, 2)])


def _row_session(plan: Path, number: int, row: dict[str, str]) -> Session:
    where = f"{plan}, line {number}"
    if not row["file"]:
        raise UsageError(f"{where}: 'file' is empty")
    file = _beside(plan, row["file"])
    start_s = _time(where, row.get("start", ""), 0.0)
    end_s = _time(where, row.get("end", ""), None)
    if end_s is not None and end_s <= (start_s or 0.0):
        raise UsageError(f"{where}: end {row['end']} is not after start {row.get('start') or 0}")
    name = row.get("segment", "")
    marks = row.get("marks", "")
    try:
        face = parse_face(row["face"]) if row.get("face") else None
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    return Session(
        name="",
        file=file,
        participant=row.get("participant") or file.stem,
        condition=row.get("condition") or NO_CONDITION,
        start_s=start_s or 0.0,
        end_s=end_s,
        face=face,
        factors=tuple((key, row[key]) for key in row if key and key not in OWN_COLUMNS),
        segments=(Segment(name, start_s or 0.0, end_s),) if name else (),
        marks=_beside(plan, marks) if marks else None,
    )


def _beside(plan: Path, name: str) -> Path:
    try:
        path = Path(name).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{plan}: there is no home folder as in '{name}'") from error
    return path if path.is_absolute() else plan.parent / path


def _time(where: str, text: str, default: float | None) -> float | None:
    if not text:
        return default
    try:
        return parse_time(text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _joined(sessions: Sequence[Session]) -> list[Session]:
    """Rows that name segments of one file, participant and condition are one session."""
    joined: dict[object, Session] = {}
    for number, one in enumerate(sessions):
        same = (one.file, one.participant, one.condition, one.face, one.factors)
        key: object = same if one.segments else (number,)
        before = joined.get(key)
        if before is None:
            joined[key] = one
            continue
        open_end = before.end_s is None or one.end_s is None
        joined[key] = replace(
            before,
            start_s=min(before.start_s, one.start_s),
            end_s=None if open_end else max(before.end_s or 0.0, one.end_s or 0.0),
            segments=before.segments + one.segments,
        )
    return list(joined.values())


def _named(sessions: Iterable[Session]) -> list[Session]:
    """Give each a name: the file's, with what tells it from others of that name."""
    sessions = list(sessions)
    ways = (
        lambda one: one.file.stem,
        lambda one: f"{one.condition}/{one.file.stem}",
        lambda one: f"{one.condition}/{one.participant}/{one.file.stem}",
        lambda one: f"{one.condition}/{one.participant}/{one.file.stem} from {one.start_s:g} s",
    )
    for way in ways:
        names = [way(one) for one in sessions]
        if len(set(names)) == len(names):
            return [replace(one, name=name) for one, name in zip(sessions, names, strict=True)]
    seen: Counter[str] = Counter()
    named = []
    for one, name in zip(sessions, names, strict=True):
        seen[name] += 1
        named.append(replace(one, name=name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return named


def _checked(sessions: list[Session]) -> list[Session]:
    """Refuse a plan by which one face would be two people at the same time."""
    by_file: dict[Path, list[Session]] = {}
    for one in sessions:
        for other in by_file.setdefault(one.file.resolve(), []):
            if one.participant != other.participant and one.face == other.face:
                overlap = min(_end(one), _end(other)) > max(one.start_s, other.start_s)
                if overlap:
                    raise UsageError(
                        f"{one.file}: {other.participant} and {one.participant} are seen at the "
                        "same time: the column 'face' must tell which face is whose (left, "
                        "right, centre, or a region)"
                    )
        by_file[one.file.resolve()].append(one)
    return sessions


def _end(session: Session) -> float:
    return float("inf") if session.end_s is None else session.end_s
