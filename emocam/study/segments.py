"""Segments of sessions: from the plan, marks, subtitles, or one every so many seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from emocam.errors import UsageError
from emocam.io.clip_discovery import parse_time
from emocam.io.csv_rows import read_rows

if TYPE_CHECKING:
    from emocam.study.plan import Session

WHOLE = "whole"
_LONGEST_NAME = 60
_SUBTITLES = frozenset({".srt", ".vtt"})
_CLOCK = r"(?:(\d{1,9}):)?(\d{1,2}):(\d{2})[,.](\d{1,3})"
_CUE = re.compile(rf"{_CLOCK}\s*-->\s*{_CLOCK}")
_MARKUP = re.compile(r"<[^<>]*>|\{[^{}]*\}")


@dataclass(frozen=True)
class Segment:
    """A named part of a session."""

    name: str  # segments of one name belong together, in a session and over all sessions
    # In seconds of the file; to the session's end when `end_s` is None
    start_s: float
    end_s: float | None = None
    is_slice: bool = False  # whether it is one of many of equal length that follow one another


@dataclass(frozen=True)
class Marks:
    """Segments by the file they belong to; those of the file "" belong to every session."""

    segments: tuple[tuple[str, Segment], ...]

    def of(self, file: Path) -> list[Segment]:
        """The segments of a session's file, by its path, its name, or its name without ending."""
        names = {"", str(file), file.name, file.stem, str(file.resolve())}
        posix = file.as_posix()
        return [
            segment
            for name, segment in self.segments
            if name in names or ("/" in name and posix.endswith("/" + name.removeprefix("./")))
        ]


def read_marks(path: Path) -> Marks:
    """Marks from a table (`file, time_s or start/end, name`) or from subtitles (.srt, .vtt).

    A mark with a time alone begins a segment that lasts until the file's next mark. Subtitles
    belong to every session.

    Raises
    ------
    UsageError
        When the file can't be read so.
    """
    if not path.is_file():
        raise UsageError(f"there is no file of marks {path}")
    if path.suffix.lower() in _SUBTITLES:
        return Marks(tuple(("", one) for one in _subtitles(path)))
    return Marks(tuple(_table_marks(path)))


def marks_beside(file: Path) -> list[Segment]:
    """The segments of a .srt, .vtt or .csv file that bears a clip's name and lies beside it."""
    for ending in (".srt", ".vtt", ".marks.csv"):
        beside = file.with_suffix(ending)
        if beside.is_file():
            found = read_marks(beside)
            return [segment for _, segment in found.segments]
    return []


def _table_marks(path: Path) -> list[tuple[str, Segment]]:
    rows = read_rows(path)
    if not rows or "name" not in rows[0] or not ({"time_s", "start"} & set(rows[0])):
        found = ", ".join(rows[0]) if rows else "no row"
        raise UsageError(
            f"{path}: marks need the columns file, name, and time_s or start and end; found {found}"
        )
    marks: list[tuple[str, Segment]] = []
    for number, row in enumerate(rows, 2):
        try:
            start_s = parse_time(row.get("start") or row.get("time_s") or "")
            end_s = parse_time(row["end"]) if row.get("end") else None
        except UsageError as error:
            raise UsageError(f"{path}, line {number}: {error}") from error
        if end_s is not None and end_s <= start_s:
            raise UsageError(f"{path}, line {number}: the end is not after the start")
        marks.append((row.get("file", ""), Segment(row["name"] or "mark", start_s, end_s)))
    return _lasting(marks)


def _lasting(marks: list[tuple[str, Segment]]) -> list[tuple[str, Segment]]:
    """A mark without an end lasts until the next one of its file."""
    ordered = sorted(marks, key=lambda mark: (mark[0], mark[1].start_s))
    lasting = []
    known_s: dict[str, tuple[float | None, float | None]] = {}  # a start, and the next after it
    for file, one in reversed(ordered):
        start_s, next_s = known_s.get(file, (None, None))
        if one.start_s != start_s:
            start_s, next_s = one.start_s, start_s
            known_s[file] = start_s, next_s
        lasting.append((file, one if one.end_s is not None else replace(one, end_s=next_s)))
    return lasting[::-1]


def lasting_marks(times_s: Sequence[float], names: Sequence[str]) -> list[Segment]:
    """Segments of marks that each last until the next: those that a live session wrote."""
    marks = [("", Segment(name, time_s)) for time_s, name in zip(times_s, names, strict=True)]
    return [segment for _, segment in _lasting(marks)]


def _subtitles(path: Path) -> list[Segment]:
    """The cues of SubRip and WebVTT files (https://www.w3.org/TR/webvtt1), named by their text."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror or error}") from error
    segments: list[Segment] = []
    for block in re.split(r"\r?\n\s*\r?\n", text):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        at = next((n for n, line in enumerate(lines) if _CUE.search(line)), None)
        if at is None:
            continue
        found = _CUE.search(lines[at])
        assert found is not None
        name = _MARKUP.sub("", " ".join(lines[at + 1 :])).strip()
        start_s, end_s = _clock(found.groups()[:4]), _clock(found.groups()[4:])
        if end_s > start_s:
            segments.append(
                Segment(name[:_LONGEST_NAME] or f"cue {len(segments) + 1}", start_s, end_s)
            )
    if not segments:
        raise UsageError(f"{path} holds no cue such as 00:01:02,000 --> 00:01:05,500")
    return segments


def _clock(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def pieces(start_s: float, end_s: float, length_s: float) -> list[Segment]:
    """One segment every so many seconds; the last may be shorter, but not below half."""
    count = max(1, math.floor((end_s - start_s) / length_s + 0.5))
    segments = []
    for number in range(count):
        begins_s = start_s + number * length_s
        ends_s = end_s if number == count - 1 else begins_s + length_s
        name = f"{number * length_s:g} to {(number + 1) * length_s:g} s"
        segments.append(Segment(name, begins_s, min(ends_s, begins_s + length_s), is_slice=True))
    return segments


@dataclass(frozen=True)
class SegmentSources:
    """Where a study's segments come from, besides its plan."""

    marks: tuple[Marks, ...] = ()  # of files of marks
    beside: bool = False  # whether .srt, .vtt and .marks.csv files beside the clips count
    length_s: float | None = None  # length of segments that follow one another; None for none

    def of(
        self, session: Session, lasts: tuple[float, float], live: list[Segment]
    ) -> list[Segment]:
        """The segments of one session, in order of time, each within the session.

        Parameters
        ----------
        session
            Of the plan.
        lasts
            Its first and last second.
        live
            Marks that a live session wrote into its table.
        """
        found = [*session.segments, *live]
        if session.marks is not None:
            found += [segment for _, segment in read_marks(session.marks).segments]
        for marks in self.marks:
            found += marks.of(session.file)
        if self.beside:
            found += marks_beside(session.file)
        if self.length_s is not None:
            found += pieces(*lasts, self.length_s)
        first_s, last_s = lasts
        within = [
            replace(
                one,
                start_s=max(one.start_s, first_s),
                end_s=min(last_s if one.end_s is None else one.end_s, last_s),
            )
            for one in found
        ]
        whole = Segment(WHOLE, first_s, last_s)
        inside = [one for one in within if one.end_s is not None and one.end_s > one.start_s]
        return [whole, *sorted(inside, key=lambda one: one.start_s)]
