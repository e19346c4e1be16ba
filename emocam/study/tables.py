"""The results as tidy tables, and the data package that documents them (Frictionless)."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emocam import __version__
from emocam.io.tables import label_columns
from emocam.output import complete_file
from emocam.study.analysis import Analysis
from emocam.study.data import ReadSession, Study
from emocam.study.frames import HEAD, write_frames
from emocam.study.measures import measure_of
from emocam.study.segments import WHOLE, Segment

Row = dict[str, Any]
Field = dict[str, str]

FRAMES, PACKAGE = "frames.parquet", "datapackage.json"

_FRAME_TEXTS = {
    "session": ("string", "name of the session, as in sessions.csv"),
    "frame": ("integer", "number of the frame in its file, from 0"),
    "time_s": ("number", "seconds from the file's first picture; of photos their number"),
    "face": ("integer", "number of the face in its file"),
    "x1": ("integer", "left edge of the face in pixels of the upright picture"),
    "y1": ("integer", "top edge"),
    "x2": ("integer", "right edge, exclusive"),
    "y2": ("integer", "bottom edge, exclusive"),
    "detection": ("number", "probability that this is a face"),
    "status": ("string", "ok, no_face (the participant's face was not found) or gap"),
    "emotion": ("string", "label, or unsure"),
    "certainty": ("number", "calibrated probability of the label"),
    "cluster": ("integer", "number of the emotion cluster"),
    "others": ("integer", "other faces in the frame, which were not read"),
    "sharpness": (
        "number",
        "variance of the Laplacian over that of the face's grey levels",
    ),
}


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
        _write_csv(folder / name, [field["name"] for field in fields], rows)
    _frames_table(folder / FRAMES, study, frames_from)
    resources = [_resource(name, fields, "csv") for name, (fields, _) in tables.items()] + [
        _resource(FRAMES, _frame_fields(study.labels), "parquet")
    ]
    _write_package(folder / PACKAGE, study, resources)
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


def _field(name: str, kind: str, description: str, unit: str = "") -> Field:
    field = {"name": name, "type": kind, "description": description}
    return field | ({"unit": unit} if unit else {})


def _measure_fields(names: Sequence[str], labels: tuple[str, ...]) -> list[Field]:
    fields = []
    for name in names:
        plain = name.removesuffix("_change")
        one = measure_of(plain, labels)
        what = one.what + (", less that of the baseline" if plain != name else "")
        fields.append(_field(name, "number", what, one.unit))
    return fields


_SESSION = _field("session", "string", "name of the session")
_PARTICIPANT = _field("participant", "string", "who is seen")
_CONDITION = _field("condition", "string", "under which condition")
_SEGMENT = _field("segment", "string", "name of the segment; `whole` is all of the session")


def _session_table(study: Study, analysis: Analysis) -> tuple[list[Field], list[Row]]:
    factors = list(dict.fromkeys(name for one in study.sessions for name, _ in one.session.factors))
    fields = [
        _SESSION,
        _field("file", "string", "the clip, folder of photos or table that was read"),
        _PARTICIPANT,
        _CONDITION,
        _field("start_s", "number", "where the session begins in its file", "s"),
        _field("end_s", "number", "where it ends; empty for the file's end", "s"),
        _field("face", "string", "which face is the participant's"),
        *(_field(name, "string", "factor of the plan") for name in factors),
        _field("frames", "integer", "analysed frames"),
        _field("remark", "string", "what is wrong with the file"),
        *_measure_fields(analysis.measures, study.labels),
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
        _field("occurrence", "integer", "how-manieth of that name in the session, from 1"),
        _field("start_s", "number", "where it begins in the file", "s"),
        _field("end_s", "number", "where it ends", "s"),
        *_measure_fields(analysis.measures, study.labels),
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
        *_measure_fields(analysis.measures, study.labels),
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
        _field("measure", "string", "what is measured, see docs/measures.md"),
        _field("unit", "string", "of the measure; 1 for shares"),
        _field("n", "integer", "participants with a value"),
        _field("mean", "number", "mean over participants"),
        _field("low", "number", "lower end of the 95 % bootstrap interval over participants"),
        _field("high", "number", "upper end"),
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
        _field("first", "string", "a condition"),
        _field("second", "string", "the condition it is compared with"),
        _field("measure", "string", "what is measured"),
        _field("unit", "string", "of the difference"),
        _field("paired", "boolean", "whether the same participants were under both"),
        _field("n_first", "integer", "participants under the first"),
        _field("n_second", "integer", "participants under the second"),
        _field("difference", "number", "mean of the first less mean of the second"),
        _field("low", "number", "lower end of its 95 % bootstrap interval over participants"),
        _field("high", "number", "upper end"),
        _field("effect_size", "number", "Hedges' g; g_av when paired"),
        _field("p", "number", "of the permutation test, two-sided"),
        _field("p_corrected", "number", "the same after Benjamini and Hochberg, over all rows"),
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
        _field("occurrence", "integer", "how-manieth of that name in the session, from 1"),
        _field("from", "string", "label"),
        _field("to", "string", "label that follows within a second"),
        _field("count", "integer", "how often"),
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
        _field("first", "string", "a session"),
        _field("second", "string", "another session of the same file"),
        _SEGMENT,
        _field("windows", "integer", "windows of 10 s in which both could be read"),
        _field("r_same_time", "number", "mean correlation of their valence at lag 0"),
        _field("r_peak", "number", "mean of the highest correlation within 3 s of lag"),
        _field("lag_s", "number", "median lag of it; above 0 the second follows the first", "s"),
        _field("r_unrelated", "number", "as r_peak, of windows that don't belong together"),
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


def _frame_fields(labels: tuple[str, ...]) -> list[Field]:
    head = [_field(name, *_FRAME_TEXTS[name]) for name in HEAD]
    probabilities = [
        _field(column, "number", f"probability of {label}")
        for column, label in zip(label_columns(labels), labels, strict=True)
    ]
    return head + probabilities


def _resource(name: str, fields: Sequence[Field], kind: str) -> Row:
    media = "text/csv" if kind == "csv" else "application/vnd.apache.parquet"
    return {
        "name": name.partition(".")[0],
        "path": name,
        "profile": "tabular-data-resource" if kind == "csv" else "data-resource",
        "format": kind,
        "mediatype": media,
        "encoding": "utf-8",
        "schema": {"fields": list(fields), "missingValues": [""]},
    }


def _write_package(path: Path, study: Study, resources: Sequence[Row]) -> None:
    """The package's description (https://specs.frictionlessdata.io/data-package)."""
    about = {
        "version": __version__,
        "labels": list(study.labels),
        "certainty": study.certainty,
        "settings": study.settings,
        "sessions": [
            {
                "session": one.session.name,
                "size_wh": list(one.size_wh),
                "own_segments": [_segment_data(segment) for segment in one.own_segments],
                "segments": [_segment_data(segment) for segment in one.segments],
                "film": one.film,
                "film_start_s": one.film_start_s,
            }
            for one in study.sessions
        ],
        "failed": [list(one) for one in study.failed],
        "left_out": list(study.left_out),
    }
    package = {
        "name": "emocam-study",
        "title": "Apparent expressions in a study's clips and photos",
        "description": "Apparent expression is what a face seems to show; it is not what a person "
        "feels. Measures are defined in emocam's docs/measures.md.",
        "resources": list(resources),
        "emocam": about,
    }
    with complete_file(path) as temporary:
        text = json.dumps(package, ensure_ascii=False, indent=1)
        temporary.write_text(text + "\n", encoding="utf-8")


def _segment_data(segment: Segment) -> Row:
    return {
        "name": segment.name,
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "is_slice": segment.is_slice,
    }
