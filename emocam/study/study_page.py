"""`study.html`: the whole study on one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emocam import __version__
from emocam.output import complete_file
from emocam.recognition.labels import color_hex
from emocam.render.page import render_page
from emocam.study import drawing
from emocam.study.analysis import Analysis, Cell
from emocam.study.data import Study
from emocam.study.measures import MEASURES, measure_of
from emocam.study.methods import methods_paragraph
from emocam.study.page_sessions import people_rows, quality_row, session_part
from emocam.study.page_text import nice, number, p_text, share_text, signed_clock
from emocam.study.quality import notes_of
from emocam.study.segments import WHOLE
from emocam.study.statistics import FEWEST
from emocam.study.timelines import Band
from emocam.video.timeline import clock

_ROW = 34  # height of a label's row among a condition's timelines
_MOST_SEGMENTS = 12  # on the page; the others stand in conditions.csv


def write_page(
    path: Path,
    study: Study,
    analysis: Analysis,
    bands: Sequence[Band],
    *,
    align: str | None = None,
) -> Path:
    """Write the page.

    Raises
    ------
    OutputError
        When it can't be written there.
    """
    html = render_page(
        "study/templates/study.html",
        filters={"clock": clock, "percent": share_text, "number": number},
        title="A study of apparent expressions",
        **_context(study, analysis, bands, align),
    )
    with complete_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def _context(
    study: Study, analysis: Analysis, bands: Sequence[Band], align: str | None
) -> dict[str, Any]:
    labels = study.labels
    wholes = {row.place: row for row in analysis.rows if row.segment == WHOLE}
    seconds = sum(row.values["duration_s"] for row in wholes.values())
    readable = sum(
        row.values["duration_s"] * row.values["readable_share"]
        for row in wholes.values()
        if not np.isnan(row.values["readable_share"])
    )
    notes = notes_of(analysis, study.failed, study.left_out)
    segments = [name for name in analysis.segments if name != WHOLE][:_MOST_SEGMENTS]
    return {
        "version": __version__,
        "labels": [{"name": label, "color": color_hex(label, labels)} for label in labels],
        "participants": len(analysis.participants),
        "sessions_count": len(study.sessions),
        "conditions": analysis.conditions,
        "seconds": seconds,
        "readable": readable / seconds if seconds else 0.0,
        "failed": len(study.failed),
        "fewest": FEWEST,
        "align": align,
        "overview": _overview(analysis, labels),
        "dots": _dots(analysis, labels),
        "segment_names": segments,
        "segments": _segment_tables(analysis, labels, segments) if segments else [],
        "segments_left": max(0, len(analysis.segments) - 1 - _MOST_SEGMENTS),
        "contrasts": _contrasts(analysis, labels),
        "bands": _bands(bands, labels),
        "people": people_rows(analysis, labels),
        "sessions": [
            session_part(place, one, wholes[place], analysis, labels)
            for place, one in enumerate(analysis.sessions)
        ],
        "synchrony": _synchrony(analysis),
        "notes": [
            {"place": note.place, "text": note.text, "session": _name(analysis, note.place)}
            for note in notes
        ],
        "quality": [quality_row(place, row, analysis) for place, row in wholes.items()],
        "methods": methods_paragraph(study, analysis, align),
        "measures": MEASURES,
    }


def _name(analysis: Analysis, place: int) -> str:
    return analysis.sessions[place].session.name if place >= 0 else ""


def _interval(cell: Cell, column: int, unit: str) -> dict[str, Any]:
    means = cell.means
    return {
        "mean": number(means.mean[column], unit),
        "low": number(means.low[column], unit),
        "high": number(means.high[column], unit),
        "has_interval": not np.isnan(means.low[column]),
        "n": int(means.n[column]),
    }


def _table(
    analysis: Analysis,
    labels: tuple[str, ...],
    cells: Sequence[Cell | None],
    names: Sequence[str],
) -> list[dict[str, Any]]:
    """A row a measure, a column a cell."""
    columns = {name: n for n, name in enumerate(analysis.measures)}
    rows = []
    for name in names:
        unit = measure_of(name.removesuffix("_change"), labels).unit
        rows.append(
            {
                "name": nice(name, labels),
                "cells": [
                    None if cell is None else _interval(cell, columns[name], unit) for cell in cells
                ],
            }
        )
    return rows


def _overview(analysis: Analysis, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    names = ["face_share", "readable_share", "expressiveness", "valence", "arousal", "transitions"]
    known = [
        name
        for name in names
        if any(
            not np.isnan(cell.means.mean[analysis.measures.index(name)])
            for (_, segment), cell in analysis.cells.items()
            if segment == WHOLE
        )
    ]
    cells = [analysis.cells.get((condition, WHOLE)) for condition in analysis.conditions]
    return _table(analysis, labels, cells, known)


def _dots(analysis: Analysis, labels: tuple[str, ...]) -> dict[str, Any]:
    """Shares of readable time by label and condition, on one scale."""
    columns = [analysis.measures.index(f"{label}_readable") for label in labels]
    cells = [analysis.cells.get((condition, WHOLE)) for condition in analysis.conditions]
    highs = [
        np.nanmax([cell.means.high[columns], cell.means.mean[columns]])
        for cell in cells
        if cell is not None and not np.isnan(cell.means.mean[columns]).all()
    ]
    top = _top(max(highs, default=1.0))

    def dot(cell: Cell | None, column: int) -> dict[str, Any] | None:
        if cell is None or np.isnan(cell.means.mean[column]):
            return None
        mean, low, high = (
            float(values[column]) for values in (cell.means.mean, cell.means.low, cell.means.high)
        )
        low, high = (mean, mean) if np.isnan(low) else (max(0.0, low), high)
        return {
            "at": 100 * mean / top,
            "from": 100 * low / top,
            "wide": 100 * (high - low) / top,
            "text": f"{mean:.0%}" + (f" [{low:.0%}, {high:.0%}]" if high > low else ""),
        }

    rows = [
        {
            "name": label,
            "color": color_hex(label, labels),
            "dots": [
                {"condition": condition, "dot": dot(cell, column)}
                for condition, cell in zip(analysis.conditions, cells, strict=True)
            ],
        }
        for label, column in zip(labels, columns, strict=True)
    ]
    return {"rows": rows, "top": f"{top:.0%}", "half": f"{top / 2:.0%}"}


def _top(highest: float) -> float:
    return next((top for top in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8) if highest <= top), 1.0)


def _segment_tables(
    analysis: Analysis, labels: tuple[str, ...], names: Sequence[str]
) -> list[dict[str, Any]]:
    """For each condition a table with a column a segment."""
    tables = []
    for condition in analysis.conditions:
        cells = [analysis.cells.get((condition, name)) for name in names]
        rows = _table(analysis, labels, cells, analysis.compared)
        tables.append({"condition": condition, "rows": rows})
    return tables


def _contrasts(analysis: Analysis, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    tables = []
    for one in analysis.comparisons:
        found = one.contrast
        bounds = np.concatenate([found.low, found.high, found.difference])
        rows = []
        for column, name in enumerate(one.measures):
            if np.isnan(found.difference[column]):
                continue
            unit = measure_of(name.removesuffix("_change"), labels).unit
            n = (int(found.n[0][column]), int(found.n[1][column]))
            rows.append(
                {
                    "name": nice(name, labels),
                    "difference": f"{round(found.difference[column], 2) + 0.0:+.2f}",
                    "low": number(found.low[column]),
                    "high": number(found.high[column]),
                    "has_interval": not np.isnan(found.low[column]),
                    "unit": "" if unit == "1" else unit,
                    "effect": number(found.effect[column]),
                    "p": p_text(found.p[column]),
                    "p_corrected": p_text(one.p_corrected[column]),
                    "is_clear": bool(one.p_corrected[column] < 0.05),
                    "n": str(n[0]) if found.paired else f"{n[0]} and {n[1]}",
                }
            )
        tables.append(
            {
                "first": one.first,
                "second": one.second,
                "segment": one.segment,
                "paired": found.paired,
                "left_out": one.left_out,
                "rows": rows,
                "is_empty": bool(np.isnan(bounds).all()),
            }
        )
    return tables


def _bands(bands: Sequence[Band], labels: tuple[str, ...]) -> dict[str, Any]:
    """Small multiples: all conditions and labels on the same two scales."""
    if not bands:
        return {"panels": [], "top": "", "ticks": [], "zero": None, "height": 0, "row": _ROW}
    times = bands[0].times_s
    first, last = float(times[0]), float(times[-1])
    highs = [float(np.nanmax(one.high)) for one in bands if not np.isnan(one.high).all()]
    highest = max(highs, default=1.0)
    top = _top(highest)
    xs = drawing.across(times, first, last)
    panels = []
    for one in bands:
        rows = []
        for n, label in enumerate(labels):
            bottom = (n + 1) * _ROW

            def up(values: Any, bottom: int = bottom) -> Any:
                return bottom - np.clip(values / top, 0, 1) * (_ROW - 4)

            rows.append(
                {
                    "name": label,
                    "color": color_hex(label, labels),
                    "bottom": bottom,
                    "area": drawing.area(xs, up(one.mean[:, n]), bottom),
                    "band": drawing.band(xs, up(one.low[:, n]), up(one.high[:, n])),
                    "line": drawing.line(xs, up(one.mean[:, n])),
                }
            )
        panels.append({"name": one.condition, "participants": one.participants, "rows": rows})
    zero = drawing.across(np.array([0.0]), first, last)[0] if first < 0 < last else None
    return {
        "panels": panels,
        "top": f"{top:.0%}",
        "ticks": [signed_clock(t) for t in (first, (first + last) / 2, last)],
        "zero": zero,
        "height": _ROW * len(labels),
        "row": _ROW,
    }


def _synchrony(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "first": analysis.sessions[one.first].session.participant,
            "second": analysis.sessions[one.second].session.participant,
            "file": analysis.sessions[one.first].session.file.name,
            "segment": one.segment,
            "found": one.found,
        }
        for one in analysis.synchrony
    ]
