"""A study from its own tables, without any picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emocam.errors import InputError, UsageError
from emocam.io.csv_rows import read_rows
from emocam.study.data import ReadSession, Study
from emocam.study.datapackage import PACKAGE
from emocam.study.frames import SessionFrames, read_frames
from emocam.study.participant_face import parse_face
from emocam.study.plan import NO_CONDITION, Session
from emocam.study.result_tables import FRAMES
from emocam.study.segments import Segment

_NO_FACTORS = (
    "session",
    "file",
    "participant",
    "condition",
    "start_s",
    "end_s",
    "face",
    "frames",
    "remark",
)


def tables_folder(plan: Path, output: Path) -> Path:
    """Where the tables are: the plan itself is a folder of results, or the output is.

    Raises
    ------
    UsageError
        When neither is.
    """
    for folder in (plan, output):
        if _frames_file(folder) is not None:
            return folder
    raise UsageError(
        f"--from-tables needs {FRAMES} and sessions.csv of an earlier run in {plan} or {output}"
    )


def read_tables(folder: Path, plan: list[Session] | None = None) -> Study:
    """The study whose tables are in a folder.

    Parameters
    ----------
    folder
        With `frames.parquet` (or `.csv`) and `sessions.csv`.
    plan
        Sessions of a plan that takes the place of `sessions.csv`, by their names: participants
        and conditions may have changed.

    Raises
    ------
    InputError
        When the tables are not those of a study.
    """
    file = _frames_file(folder)
    if file is None:
        raise InputError(f"{folder} holds no {FRAMES}")
    frames = read_frames(file)
    about = _about(folder / PACKAGE)
    sessions = _sessions(folder / "sessions.csv") if plan is None else plan
    missing = [one.name for one in sessions if one.name not in frames]
    if missing and (plan is None or len(missing) == len(sessions)):
        raise InputError(f"{file} has no frame of the session '{missing[0]}'")
    told = {str(one["session"]): one for one in about.get("sessions", [])}
    read = tuple(
        _read_session(one, frames[one.name], told.get(one.name, {}), plan is not None)
        for one in sessions
        if one.name in frames
    )
    if not read:
        raise InputError(f"{folder} holds no session")
    labels = read[0].frames.labels
    return Study(
        sessions=read,
        labels=labels,
        certainty=float(about.get("certainty", _least_certainty(read))),
        settings=dict(about.get("settings", {})),
        failed=tuple((str(a), str(b)) for a, b in about.get("failed", []))
        + tuple((name, "the tables have no frame of it") for name in missing),
        left_out=tuple(map(str, about.get("left_out", []))),
    )


def _frames_file(folder: Path) -> Path | None:
    for name in (FRAMES, "frames.csv"):
        if (folder / name).is_file():
            return folder / name
    return None


def _about(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        about = json.loads(path.read_text(encoding="utf-8")).get("emocam", {})
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path} is no data package of emocam: {error}") from error
    return dict(about)


def _sessions(path: Path) -> list[Session]:
    if not path.is_file():
        raise InputError(f"there is no {path}, which tells each session's participant")
    rows = read_rows(path)
    lacking = {"session", "participant"} - set(rows[0] if rows else {})
    if lacking:
        raise InputError(f"{path} lacks the columns {', '.join(sorted(lacking))}")
    return [_session(row, list(rows[0])) for row in rows]


def _session(row: dict[str, str], columns: list[str]) -> Session:
    # Factors stand between the columns of the plan and those of the measures.
    last = columns.index("frames") if "frames" in columns else len(columns)
    factors = tuple((name, row[name]) for name in columns[:last] if name not in _NO_FACTORS)
    return Session(
        name=row["session"],
        file=Path(row.get("file") or row["session"]),
        participant=row["participant"],
        condition=row.get("condition") or NO_CONDITION,
        start_s=float(row.get("start_s") or 0.0),
        end_s=float(row["end_s"]) if row.get("end_s") else None,
        face=parse_face(row["face"]) if row.get("face") else None,
        factors=factors,
    )


def _read_session(
    session: Session, frames: SessionFrames, told: dict[str, Any], planned: bool
) -> ReadSession:
    """A session with its frames; segments of a plan take the place of those of before."""
    size = told.get("size_wh", (0, 0))
    before = tuple(Segment(**one) for one in told.get("own_segments", []))
    return ReadSession(
        session=replace(session, segments=()),
        frames=frames,
        own_segments=session.segments or before,
        segments=() if planned else tuple(Segment(**one) for one in told.get("segments", [])),
        size_wh=(int(size[0]), int(size[1])),
        remark=str(told.get("remark", "")),
        film=str(told.get("film", "")),
        film_start_s=float(told.get("film_start_s", 0.0)),
    )


def _least_certainty(sessions: tuple[ReadSession, ...]) -> float:
    """What labels seem to need, where the tables don't say it."""
    least = 1.0
    for one in sessions:
        labelled = (one.frames.label_codes >= 0) & (one.frames.label_codes < len(one.frames.labels))
        known = one.frames.certainty[labelled]
        known = known[~np.isnan(known)]
        if len(known):
            least = min(least, float(known.min()))
    return least if least < 1.0 else 0.0
