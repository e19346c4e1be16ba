"""The description of a study's tables, column by column: a Frictionless Data Package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emocam import __version__
from emocam.io.tables import label_columns
from emocam.output import complete_file
from emocam.study.data import Study
from emocam.study.frames import HEAD
from emocam.study.measures import measure_of
from emocam.study.segments import Segment

Row = dict[str, Any]
Field = dict[str, str]

PACKAGE = "datapackage.json"

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
    "yaw": (
        "number",
        "degrees by which the head looks to the picture's right; empty if unknown",
    ),
    "pitch": ("number", "degrees by which it is raised; empty if unknown"),
    "roll": ("number", "degrees by which it leans in the picture, clockwise"),
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


def field(name: str, kind: str, description: str, unit: str = "") -> Field:
    """A column: its name, what kind of values it holds, and what they are."""
    told = {"name": name, "type": kind, "description": description}
    return told | ({"unit": unit} if unit else {})


def measure_fields(names: Sequence[str], labels: tuple[str, ...]) -> list[Field]:
    """The columns of measures."""
    fields = []
    for name in names:
        plain = name.removesuffix("_change")
        one = measure_of(plain, labels)
        what = one.what + (", less that of the baseline" if plain != name else "")
        fields.append(field(name, "number", what, one.unit))
    return fields


def frame_fields(labels: tuple[str, ...]) -> list[Field]:
    """The columns of `frames.parquet`."""
    head = [field(name, *_FRAME_TEXTS[name]) for name in HEAD]
    probabilities = [
        field(column, "number", f"probability of {label}")
        for column, label in zip(label_columns(labels), labels, strict=True)
    ]
    return head + probabilities


def resource(name: str, fields: Sequence[Field], kind: str) -> Row:
    """What the package says of one table."""
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


def write_package(path: Path, study: Study, resources: Sequence[Row]) -> None:
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
