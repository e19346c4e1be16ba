"""Probabilities over time: of a session, and of a condition with a band over its participants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emocam.study.analysis import Analysis
from emocam.study.data import ReadSession
from emocam.study.statistics import FEWEST, mean_intervals

Floats = npt.NDArray[np.float64]

BINS = 120
_SHORTEST_BIN_S = 0.2
_RESAMPLES = 999  # a band is drawn; nobody reads the third digit off it
_HALF = 0.5  # of the participants must be there, or the mean would jump when some end


@dataclass(frozen=True, eq=False)
class Band:
    """A condition's mean probabilities over time, b pieces of time."""

    condition: str  # which
    times_s: Floats  # middle of each piece, from the session's start or the mark, shape (b,)
    # Shape (b, labels); NaN where too few participants are there. Below FEWEST participants `low`
    # and `high` are the mean.
    mean: Floats
    low: Floats
    high: Floats
    participants: int  # how many


def zero_s(one: ReadSession, align: str | None) -> float | None:
    """The time of a session that is aligned with the others'; None when it lacks the mark."""
    if align is None:
        return float(one.frames.time_s[0])
    return next((segment.start_s for segment in one.segments if segment.name == align), None)


def binned(one: ReadSession, edges_s: Floats, zero: float) -> Floats:
    """Mean probabilities in pieces of time, shape (pieces, labels); NaN without a reading."""
    frames = one.frames
    read = ~np.isnan(frames.probabilities[:, 0])
    place = np.searchsorted(edges_s, frames.time_s[read] - zero, side="right") - 1
    pieces = len(edges_s) - 1
    inside = (place >= 0) & (place < pieces)
    place = place[inside]
    counts = np.bincount(place, minlength=pieces)
    shares = frames.probabilities[read][inside]
    sums = np.stack(
        [np.bincount(place, shares[:, n], minlength=pieces) for n in range(shares.shape[1])], axis=1
    )
    result = sums / np.maximum(counts, 1)[:, None]
    result[counts == 0] = np.nan
    return result


def frame_step_s(times_s: Floats) -> float:
    """Just longer than nearly all steps between frames, so that pieces this long hold one each."""
    return 1.01 * float(np.quantile(np.diff(times_s), 0.95)) if len(times_s) > 1 else 1.0


def edges_for(sessions: Sequence[ReadSession], align: str | None) -> Floats:
    """Pieces of time that all sessions share."""
    starts, ends = [], []
    for one in sessions:
        zero = zero_s(one, align)
        if zero is not None:
            starts.append(float(one.frames.time_s[0]) - zero)
            ends.append(float(one.frames.time_s[-1]) - zero)
    first, last = min(starts, default=0.0), max(ends, default=1.0)
    step = max(
        _SHORTEST_BIN_S,
        (last - first) / BINS,
        *(frame_step_s(one.frames.time_s) for one in sessions),
    )
    return np.arange(first, last + step, step)


def condition_bands(analysis: Analysis, align: str | None = None) -> list[Band]:
    """The bands of all conditions, over the same time.

    A participant's line is the mean over their sessions in the condition; the band is the 95 %
    bootstrap interval of the mean over participants, piece by piece.

    Parameters
    ----------
    analysis
        Of the study.
    align
        Name of the segment whose start is time 0; by default each session's first frame is.
    """
    # Photos have no time that clips could share.
    clips = [one for one in analysis.sessions if not one.session.is_photos]
    sessions = clips or analysis.sessions
    edges = edges_for(sessions, align)
    bands = []
    for condition in analysis.conditions:
        lines = _participant_lines(sessions, condition, edges, align)
        if lines:
            bands.append(_band(condition, np.stack(lines), (edges[:-1] + edges[1:]) / 2))
    return bands


def _participant_lines(
    sessions: Sequence[ReadSession], condition: str, edges: Floats, align: str | None
) -> list[Floats]:
    by_person: dict[str, list[Floats]] = defaultdict(list)
    for one in sessions:
        zero = zero_s(one, align)
        if one.session.condition == condition and zero is not None:
            by_person[one.session.participant].append(binned(one, edges, zero))
    return [_mean(np.stack(lines)) for lines in by_person.values()]


def _mean(lines: Floats) -> Floats:
    known = ~np.isnan(lines)
    counts = known.sum(axis=0)
    sums = np.where(known, lines, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _band(condition: str, lines: Floats, times_s: Floats) -> Band:
    people, pieces, labels = lines.shape
    means = mean_intervals(lines.reshape(people, -1), _RESAMPLES)
    there = means.n.reshape(pieces, labels) >= max(1, _HALF * people)

    def shaped(values: Floats) -> Floats:
        return np.where(there, values.reshape(pieces, labels), np.nan)

    mean, low, high = shaped(means.mean), shaped(means.low), shaped(means.high)
    unknown = np.isnan(low)
    low, high = np.where(unknown, mean, low), np.where(unknown, mean, high)
    if people < FEWEST:
        low, high = mean, mean
    return Band(condition, times_s, mean, low, high, people)
