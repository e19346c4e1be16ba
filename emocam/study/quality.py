"""Remarks about sessions: what to check before the results are believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emocam.study.analysis import Analysis, SegmentRow
from emocam.study.segments import WHOLE

_FEW_FACES = 0.8
_FEW_READABLE = 0.5
_SMALL_PX = 64  # smaller boxes are blown up to the training format, which frames wider than them
_BLURRED = 0.5  # of the study's median sharpness
_OTHERS = 0.05


@dataclass(frozen=True)
class Note:
    """Something to look at: of which session (-1 for none), and what."""

    place: int
    text: str


def notes_of(
    analysis: Analysis, failed: Sequence[tuple[str, str]] = (), left_out: Sequence[str] = ()
) -> list[Note]:
    """All that should be looked at, the worst first.

    Parameters
    ----------
    analysis
        Of the study.
    failed
        Name and reason of each session that could not be read.
    left_out
        Names of sessions in which nobody is marked.
    """
    notes = [Note(-1, f"{name} could not be read: {reason}") for name, reason in failed]
    notes += [Note(-1, f"{name} was not read: nobody in it is marked") for name in left_out]
    wholes = [row for row in analysis.rows if row.segment == WHOLE]
    sharp = [row.values["sharpness"] for row in wholes if not np.isnan(row.values["sharpness"])]
    usual = float(np.median(sharp)) if sharp else np.nan
    for row in sorted(wholes, key=lambda one: one.values["face_share"]):
        remark = analysis.sessions[row.place].remark
        if remark:
            notes.append(Note(row.place, f"the file is damaged: {remark}"))
        notes += [Note(row.place, text) for text in _session_notes(row, usual)]
    return notes


def _session_notes(row: SegmentRow, usual_sharpness: float) -> list[str]:
    values, found = row.values, []
    if np.isnan(values["face_share"]):
        return ["no time that can be measured"]
    if values["face_share"] < _FEW_FACES:
        found.append(f"a face in only {values['face_share']:.0%} of the time")
    if values["face_share"] > 0 and values["readable_share"] < _FEW_READABLE:
        found.append(f"only {values['readable_share']:.0%} of the time could be given a label")
    if values["head_px"] < _SMALL_PX:
        found.append(f"a small face: {values['head_px']:.0f} pixels wide")
    if values["sharpness"] < _BLURRED * usual_sharpness:
        share = values["sharpness"] / usual_sharpness
        found.append(f"a blurred face: {share:.0%} of the study's usual sharpness")
    if values["others_share"] > _OTHERS:
        found.append(
            f"other faces in {values['others_share']:.0%} of the time, which were not read"
        )
    return found
