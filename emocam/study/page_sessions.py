"""What a study's page shows of each participant and session."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np

from emocam.recognition.labels import UNSURE, color_hex
from emocam.study import drawing
from emocam.study.analysis import Analysis, SegmentRow, participant_mean
from emocam.study.data import ReadSession
from emocam.study.measures import lasting
from emocam.study.segments import WHOLE
from emocam.study.timelines import binned, frame_step_s
from emocam.video.timeline import clock

_ROW = 18  # height of a label's row in pixels
_BINS = 240
_MOST_MARKS = 40  # of a session; all stand in segments.csv


def _shares(values: dict[str, float], labels: tuple[str, ...]) -> list[dict[str, Any]]:
    known = [(label, values.get(f"{label}_share", np.nan)) for label in labels]
    known.append((UNSURE, values.get("unsure_share", np.nan)))
    return [
        {"name": label, "share": float(share), "color": color_hex(label, labels)}
        for label, share in known
        if share > 0.002
    ]


def people_rows(analysis: Analysis, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for name in analysis.participants:
        for condition in analysis.conditions:
            values = participant_mean(analysis, name, condition)
            if values:
                places = [
                    place
                    for place, one in enumerate(analysis.sessions)
                    if (one.session.participant, one.session.condition) == (name, condition)
                ]
                rows.append(
                    {
                        "name": name,
                        "condition": condition,
                        "shares": _shares(values, labels),
                        "figures": values,
                        "sessions": places,
                    }
                )
    return rows


def session_part(
    place: int, one: ReadSession, whole: SegmentRow, analysis: Analysis, labels: tuple[str, ...]
) -> dict[str, Any]:
    first, last = whole.start_s, whole.end_s
    marked = [segment for segment in one.segments if segment.name != WHOLE]
    return {
        "place": place,
        "name": one.session.name,
        "participant": one.session.participant,
        "condition": one.session.condition,
        "factors": one.session.factors,
        "seconds": whole.values["duration_s"],
        "figures": whole.values,
        "shares": _shares(whole.values, labels),
        "first": first,
        "last": last,
        "film_start": one.film_start_s,
        "film": quote(one.film, safe="/:"),
        "is_photos": one.session.is_photos,
        "height": _ROW * len(labels),
        "rows": _session_rows(one, first, last, labels),
        "strip": _strip(one, first, last, labels),
        "marks": [
            {
                "name": segment.name,
                "at": float(drawing.across(np.array([segment.start_s]), first, last)[0]),
                "wide": float(
                    drawing.across(np.array([segment.end_s or last]), first, last)[0]
                    - drawing.across(np.array([segment.start_s]), first, last)[0]
                ),
                "start": segment.start_s,
            }
            for segment in marked[:_MOST_MARKS]
        ],
        "segments": [row for row in analysis.rows if row.place == place and row.segment != WHOLE][
            :40
        ],
        "remark": one.remark,
    }


def _session_rows(
    one: ReadSession, first: float, last: float, labels: tuple[str, ...]
) -> list[dict[str, Any]]:
    step = max((last - first) / _BINS, frame_step_s(one.frames.time_s))
    edges = np.arange(0, last - first + step, step)
    values = binned(one, edges, first)
    xs = drawing.across((edges[:-1] + edges[1:]) / 2, 0, last - first)
    rows = []
    for n, label in enumerate(labels):
        bottom = (n + 1) * _ROW
        ys = bottom - values[:, n] * (_ROW - 2)
        rows.append(
            {
                "name": label,
                "color": color_hex(label, labels),
                "bottom": bottom,
                "area": drawing.area(xs, ys, bottom),
            }
        )
    return rows


def _strip(
    one: ReadSession, first: float, last: float, labels: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The labels over time: a piece for each stretch of one label, none shorter than a pixel."""
    label_codes, times = one.frames.label_codes, one.frames.time_s
    begins = np.flatnonzero(np.r_[True, label_codes[1:] != label_codes[:-1]])
    ends_s = (times + lasting(one.frames))[np.append(begins[1:], len(label_codes)) - 1]
    starts_s, codes = times[begins], label_codes[begins]
    lefts, rights = (drawing.across(some, first, last) for some in (starts_s, ends_s))
    shown = np.flatnonzero((codes >= 0) & (rights - lefts >= 1.0))
    names = (*labels, UNSURE)
    return [
        {
            "x": f"{lefts[n]:.1f}",
            "wide": f"{rights[n] - lefts[n]:.1f}",
            "color": color_hex(names[codes[n]], labels),
            "text": f"{names[codes[n]]}, {clock(starts_s[n])} to {clock(ends_s[n])}",
        }
        for n in shown
    ]


def quality_row(place: int, row: SegmentRow, analysis: Analysis) -> dict[str, Any]:
    return {"place": place, "name": analysis.sessions[place].session.name, "figures": row.values}
