"""The results as tidy tables, and the data package that documents them (Frictionless)."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emocam.output import complete_file
from emocam.study.analysis import Analysis
from emocam.study.data import ReadSession, Study
from emocam.study.datapackage import (
    PACKAGE,
    Field,
    Row,
    field,
    frame_fields,
    measure_fields,
    resource,
    write_package,
)
from emocam.study.frames import write_frames
from emocam.study.measures import measure_of
from emocam.study.segments import WHOLE

FRAMES = "frames.parquet"


def write_tables(
    folder: Path, study: Study, analysis: Analysis, *, frames_from: Path | None = None
) -> list[Path]:
    """Write all tables and the data package.

    Parameters
    ----------
    folder
        Of the results.
    study
        As it was read.
    analysis
        Its numbers.
    frames_from
        A table that holds the frames as they are, to be taken over; None to write them.

    Returns
    -------
    The files, in the order in which one would open them.

    Raises
    ------
    OutputError
        When one can't be written.
    """
    tables = {
        "sessions.csv": _session_table(study, analysis),
        "segments.csv": _segment_table(study, analysis),
        "participants.csv": _participant_table(study, analysis),
        "conditions.csv": _condition_table(study, analysis),
        "contrasts.csv": _contrast_table(study, analysis),
        "transitions.csv": _transition_table(analysis),
    }
    if analysis.synchrony:
        tables["synchrony.csv"] = _synchrony_table(analysis)
    for name, (fields, rows) in tables.items():
        _write_csv(folder / name, [one["name"] for one in fields], rows)
    _frames_table(folder / FRAMES, study, frames_from)
    resources = [resource(name, fields, "csv") for name, (fields, _) in tables.items()] + [
        resource(FRAMES, frame_fields(study.labels), "parquet")
    ]
    write_package(folder / PACKAGE, study, resources)
    return [*(folder / name for name in tables), folder / FRAMES, folder / PACKAGE]


def _frames_table(path: Path, study: Study, frames_from: Path | None) -> None:
    if frames_from is None:
        write_frames(path, ((one.session.name, one.frames) for one in study.sessions))
    elif frames_from.absolute() != path.absolute():
        with complete_file(path) as temporary:
            shutil.copyfile(frames_from, temporary)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with (
        complete_file(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def _cell(value: Any) -> Any:
    """Numbers as short as they are true; what is not known is empty."""
    if isinstance(value, (float, np.floating)):
        return "" if not np.isfinite(value) else f"{value:.6g}"
    return "" if value is None else value


_SESSION = field("session", "string", "name of the session")
_PARTICIPANT = field("participant", "string", "who is seen")
_CONDITION = field("condition", "string", "under which condition")
_SEGMENT = field("segment", "string", "name of the segment; `whole` is all of the session")


def _session_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    factors = list(dict.fromkeys(name for one in study.sessions for name, _ in one.session.factors))
    fields = [
        _SESSION,
        field("file", "string", "the clip, folder of photos or table that was read"),
        _PARTICIPANT,
        _CONDITION,
        field("start_s", "number", "where the session begins in its file", "s"),
        field("end_s", "number", "where it ends; empty for the file's end", "s"),
        field("face", "string", "which face is the participant's"),
        *(field(name, "string", "factor of the plan") for name in factors),
        field("frames", "integer", "analysed frames"),
        field("remark", "string", "what is wrong with the file"),
        *measure_fields(analysis.measures, study.labels),
    ]
    wholes = {row.place: row for row in analysis.rows if row.segment == WHOLE}
    rows = [
        {
            **_session_cells(one),
            **dict(one.session.factors),
            "frames": len(one.frames),
            "remark": one.remark,
            **wholes[place].values,
        }
        for place, one in enumerate(study.sessions)
    ]
    return fields, rows


def _session_cells(one: ReadSession) -> Row:
    session = one.session
    return {
        "session": session.name,
        "file": str(session.file),
        "participant": session.participant,
        "condition": session.condition,
        "start_s": session.start_s,
        "end_s": session.end_s,
        "face": "" if session.face is None else session.face.text,
    }


def _segment_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        _SESSION,
        _PARTICIPANT,
        _CONDITION,
        _SEGMENT,
        field("occurrence", "integer", "how-manieth of that name in the session, from 1"),
        field("start_s", "number", "where it begins in the file", "s"),
        field("end_s", "number", "where it ends", "s"),
        *measure_fields(analysis.measures, study.labels),
    ]
    rows = []
    for row in analysis.rows:
        session = study.sessions[row.place].session
        rows.append(
            {
                "session": session.name,
                "participant": session.participant,
                "condition": session.condition,
                "segment": row.segment,
                "occurrence": row.occurrence,
                "start_s": row.start_s,
                "end_s": row.end_s,
                **row.values,
            }
        )
    return fields, rows


def _participant_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        _PARTICIPANT,
        _CONDITION,
        _SEGMENT,
        *measure_fields(analysis.measures, study.labels),
    ]
    rows = [
        {
            "participant": name,
            "condition": cell.condition,
            "segment": cell.segment,
            **dict(zip(analysis.measures, values, strict=True)),
        }
        for cell in analysis.cells.values()
        for name, values in zip(cell.participants, cell.values, strict=True)
    ]
    return fields, rows


def _condition_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        _CONDITION,
        _SEGMENT,
        field("measure", "string", "what is measured, see docs/measures.md"),
        field("unit", "string", "of the measure; 1 for shares"),
        field("n", "integer", "participants with a value"),
        field("mean", "number", "mean over participants"),
        field("low", "number", "lower end of the 95 % bootstrap interval over participants"),
        field("high", "number", "upper end"),
    ]
    rows = [
        {
            "condition": cell.condition,
            "segment": cell.segment,
            "measure": name,
            "unit": measure_of(name.removesuffix("_change"), study.labels).unit,
            "n": int(cell.means.n[column]),
            "mean": cell.means.mean[column],
            "low": cell.means.low[column],
            "high": cell.means.high[column],
        }
        for cell in analysis.cells.values()
        for column, name in enumerate(analysis.measures)
    ]
    return fields, rows


def _contrast_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        _SEGMENT,
        field("first", "string", "a condition"),
        field("second", "string", "the condition it is compared with"),
        field("measure", "string", "what is measured"),
        field("unit", "string", "of the difference"),
        field("paired", "boolean", "whether the same participants were under both"),
        field("n_first", "integer", "participants under the first"),
        field("n_second", "integer", "participants under the second"),
        field("difference", "number", "mean of the first less mean of the second"),
        field("low", "number", "lower end of its 95 % bootstrap interval over participants"),
        field("high", "number", "upper end"),
        field("effect_size", "number", "Hedges' g; g_av when paired"),
        field("p", "number", "of the permutation test, two-sided"),
        field("p_corrected", "number", "the same after Benjamini and Hochberg, over all rows"),
    ]
    rows = [
        {
            "segment": one.segment,
            "first": one.first,
            "second": one.second,
            "measure": name,
            "unit": measure_of(name.removesuffix("_change"), study.labels).unit,
            "paired": "true" if one.contrast.paired else "false",
            "n_first": int(one.contrast.n[0][column]),
            "n_second": int(one.contrast.n[1][column]),
            "difference": one.contrast.difference[column],
            "low": one.contrast.low[column],
            "high": one.contrast.high[column],
            "effect_size": one.contrast.effect[column],
            "p": one.contrast.p[column],
            "p_corrected": one.p_corrected[column],
        }
        for one in analysis.comparisons
        for column, name in enumerate(one.measures)
    ]
    return fields, rows


def _transition_table(analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        _SESSION,
        _SEGMENT,
        field("occurrence", "integer", "how-manieth of that name in the session, from 1"),
        field("from", "string", "label"),
        field("to", "string", "label that follows within a second"),
        field("count", "integer", "how often"),
    ]
    rows = [
        {
            "session": analysis.sessions[row.place].session.name,
            "segment": row.segment,
            "occurrence": row.occurrence,
            "from": before,
            "to": after,
            "count": count,
        }
        for row in analysis.rows
        for (before, after), count in sorted(row.transitions.items())
    ]
    return fields, rows


def _synchrony_table(analysis: Analysis) -> tuple[list[Field], list[Row]]:
    fields = [
        field("first", "string", "a session"),
        field("second", "string", "another session of the same file"),
        _SEGMENT,
        field("windows", "integer", "windows of 10 s in which both could be read"),
        field("r_same_time", "number", "mean correlation of their valence at lag 0"),
        field("r_peak", "number", "mean of the highest correlation within 3 s of lag"),
        field("lag_s", "number", "median lag of it; above 0 the second follows the first", "s"),
        field("r_unrelated", "number", "as r_peak, of windows that don't belong together"),
    ]
    rows = [
        {
            "first": analysis.sessions[one.first].session.name,
            "second": analysis.sessions[one.second].session.name,
            "segment": one.segment,
            "windows": one.found.windows,
            "r_same_time": one.found.r_same_time,
            "r_peak": one.found.r_peak,
            "lag_s": one.found.lag_s,
            "r_unrelated": one.found.r_unrelated,
        }
        for one in analysis.synchrony
    ]
    return fields, rows
