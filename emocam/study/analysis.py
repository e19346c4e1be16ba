"""From a study's readings to its numbers: segments, participants, conditions and contrasts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from emocam.study.baseline import changes, neutral_bias, relative_to
from emocam.study.data import ReadSession, Study
from emocam.study.measures import (
    Values,
    compared_names,
    lasting,
    measure,
    measure_names,
    transition_counts,
)
from emocam.study.neutral_bias import NeutralBias
from emocam.study.segments import WHOLE
from emocam.study.statistics import Contrast, Means, contrast, corrected, mean_intervals
from emocam.study.synchrony import Synchrony, synchrony

_LONG_ENOUGH = 0.5  # of the union of participants must be under both conditions to be paired

Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class SegmentRow:
    """One segment of one session, measured."""

    place: int  # number of the session in the study
    # Its name, and the number among those of that name in the session, from 1
    segment: str
    occurrence: int
    # In seconds of the file
    start_s: float
    end_s: float
    values: Values  # the measures by name
    transitions: dict[tuple[str, str], int]  # how often it went from one label to another


@dataclass(frozen=True, eq=False)
class Cell:
    """A condition in a segment: a value a participant and measure, and their means."""

    condition: str
    segment: str
    participants: tuple[str, ...]  # names, n of them
    values: npt.NDArray[np.float64]  # shape (n, measures)
    means: Means  # over the participants


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two conditions compared in a segment."""

    first: str
    second: str
    segment: str
    measures: tuple[str, ...]  # names of the measures compared
    contrast: Contrast  # first less second
    p_corrected: npt.NDArray[np.float64]  # over all comparisons of the study
    left_out: int  # participants under both conditions where most are under one


@dataclass(frozen=True)
class PairSynchrony:
    """Synchrony of two sessions of one file in a segment."""

    first: int
    second: int
    segment: str
    found: Synchrony


@dataclass(frozen=True, eq=False)
class Analysis:
    """All numbers of a study."""

    # As they were measured: with a baseline, read with each participant's profile
    sessions: tuple[ReadSession, ...]
    measures: tuple[str, ...]  # names of the measures, in the order of the columns
    compared: tuple[str, ...]  # those by which conditions are compared
    rows: tuple[SegmentRow, ...]  # a row a segment of a session
    cells: dict[Key, Cell]  # by condition and segment
    comparisons: tuple[Comparison, ...]  # between conditions
    synchrony: tuple[PairSynchrony, ...]  # of participants seen together
    biases: dict[str, NeutralBias]  # of the participants' neutral faces, where there is a baseline
    # Names in the order in which they came
    conditions: tuple[str, ...]
    participants: tuple[str, ...]
    segments: tuple[str, ...]


def analyse(study: Study, baseline: str | None = None) -> Analysis:
    """Measure a study.

    Parameters
    ----------
    study
        With its readings and segments.
    baseline
        Name of the segments in which faces were at rest: each participant is then read with a
        profile of the neutral face, and compared measures are taken relative to it too.
    """
    sessions, biases = _without_bias(study, baseline)
    names = measure_names(study.labels)
    compared = compared_names(study.labels)
    rows = [row for place, one in enumerate(sessions) for row in _rows(place, one)]
    if baseline is not None:
        rows = _with_changes(rows, sessions, baseline, compared)
        compared = [f"{name}_change" for name in compared]
        names = names + compared
    segments = _in_order(row.segment for row in rows)
    conditions = _in_order(one.session.condition for one in sessions)
    cells = _cells(rows, sessions, names, conditions, segments)
    return Analysis(
        sessions=sessions,
        measures=tuple(names),
        compared=tuple(compared),
        rows=tuple(rows),
        cells=cells,
        comparisons=_comparisons(cells, names, compared, conditions, _named(sessions, baseline)),
        synchrony=tuple(_synchrony(sessions)),
        biases=biases,
        conditions=conditions,
        participants=_in_order(one.session.participant for one in sessions),
        segments=segments,
    )


def _in_order(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _without_bias(
    study: Study, baseline: str | None
) -> tuple[tuple[ReadSession, ...], dict[str, NeutralBias]]:
    if baseline is None:
        return study.sessions, {}
    by_person: dict[str, list[ReadSession]] = defaultdict(list)
    for one in study.sessions:
        by_person[one.session.participant].append(one)
    biases = {
        name: bias
        for name, some in by_person.items()
        if (bias := neutral_bias([(s.frames, s.segments) for s in some], baseline))
    }
    sessions = tuple(
        replace(one, frames=relative_to(one.frames, biases[name], study.certainty))
        if (name := one.session.participant) in biases
        else one
        for one in study.sessions
    )
    return sessions, biases


def _rows(place: int, one: ReadSession) -> list[SegmentRow]:
    rows: list[SegmentRow] = []
    seen: Counter[str] = Counter()
    lasts_s = lasting(one.frames)
    for segment in one.segments:
        values, spells = measure(one.frames, segment, lasts_s)
        seen[segment.name] += 1
        counts = transition_counts(spells, one.frames.labels)
        end_s = segment.end_s if segment.end_s is not None else np.inf
        rows.append(
            SegmentRow(
                place, segment.name, seen[segment.name], segment.start_s, end_s, values, counts
            )
        )
    return rows


def _with_changes(
    rows: Sequence[SegmentRow],
    sessions: Sequence[ReadSession],
    baseline: str,
    names: Sequence[str],
) -> list[SegmentRow]:
    """The rows with their changes from the session's baseline, or else the participant's."""

    def resting(key: Callable[[SegmentRow], Any]) -> dict[Any, Values]:
        found: dict[Any, list[Values]] = defaultdict(list)
        for row in rows:
            if row.segment == baseline:
                found[key(row)].append(row.values)
        return {
            one: {name: _mean([values[name] for values in some]) for name in names}
            for one, some in found.items()
        }

    by_session = resting(lambda row: row.place)
    by_person = resting(lambda row: sessions[row.place].session.participant)
    nothing = dict.fromkeys(names, np.nan)
    changed = []
    for row in rows:
        person = sessions[row.place].session.participant
        at_rest = by_session.get(row.place) or by_person.get(person, nothing)
        changed.append(replace(row, values=row.values | changes(row.values, at_rest, names)))
    return changed


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def _cells(
    rows: Sequence[SegmentRow],
    sessions: Sequence[ReadSession],
    names: Sequence[str],
    conditions: Sequence[str],
    segments: Sequence[str],
) -> dict[Key, Cell]:
    """A participant's value is the mean over their sessions and the segment's occurrences."""
    grouped: dict[Key, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        session = sessions[row.place].session
        values = [row.values[name] for name in names]
        grouped[session.condition, row.segment][session.participant].append(values)
    cells = {}
    for condition in conditions:
        for segment in segments:
            people = grouped.get((condition, segment))
            if people:
                table = np.array([_column_means(np.array(some)) for some in people.values()])
                means = mean_intervals(table)
                cells[condition, segment] = Cell(condition, segment, tuple(people), table, means)
    return cells


def _column_means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _named(sessions: Sequence[ReadSession], baseline: str | None) -> list[str]:
    """Segments in which conditions are compared: all but the baseline and equal slices of time."""
    sliced = {segment.name for one in sessions for segment in one.segments if segment.is_slice}
    every = _in_order(segment.name for one in sessions for segment in one.segments)
    return [name for name in every if name != baseline and name not in sliced]


def _comparisons(
    cells: dict[Key, Cell],
    names: Sequence[str],
    compared: Sequence[str],
    conditions: Sequence[str],
    segments: Sequence[str],
) -> tuple[Comparison, ...]:
    columns = [list(names).index(name) for name in compared]
    found = []
    for segment in segments:
        for first, second in combinations(conditions, 2):
            a, b = cells.get((first, segment)), cells.get((second, segment))
            if a is not None and b is not None:
                found.append(_compare(a, b, columns, tuple(compared)))
    every_p = corrected(np.array([one.contrast.p for one in found]))
    return tuple(replace(one, p_corrected=p) for one, p in zip(found, every_p, strict=True))


def _compare(a: Cell, b: Cell, columns: list[int], compared: tuple[str, ...]) -> Comparison:
    """Paired where most participants are under both conditions; else those are left out."""
    both = [name for name in a.participants if name in set(b.participants)]
    union = len({*a.participants, *b.participants})
    paired = len(both) >= _LONG_ENOUGH * union
    chosen = set(both)

    def values(cell: Cell) -> npt.NDArray[np.float64]:
        if paired:
            rows = [cell.participants.index(name) for name in both]
        else:
            rows = [n for n, name in enumerate(cell.participants) if name not in chosen]
        return cell.values[np.ix_(rows, columns)]

    found = contrast(values(a), values(b), paired=paired)
    left_out = union - len(both) if paired else len(both)
    nothing = np.full(len(columns), np.nan)
    return Comparison(a.condition, b.condition, a.segment, compared, found, nothing, left_out)


def _synchrony(sessions: Sequence[ReadSession]) -> list[PairSynchrony]:
    together: dict[Any, list[int]] = defaultdict(list)
    for place, one in enumerate(sessions):
        if not one.session.is_photos:
            together[one.session.file.absolute()].append(place)
    found = []
    for places in together.values():
        for a, b in combinations(places, 2):
            one, other = sessions[a], sessions[b]
            if one.session.participant == other.session.participant:
                continue
            for segment in one.segments:
                parts = [s.frames.between(segment.start_s, segment.end_s) for s in (one, other)]
                both = synchrony(*parts)
                if both is not None:
                    found.append(PairSynchrony(a, b, segment.name, both))
    return found


def participant_mean(analysis: Analysis, participant: str, condition: str) -> Values:
    """A participant's measures over all of a condition; empty when not under it."""
    cell = analysis.cells.get((condition, WHOLE))
    if cell is None or participant not in cell.participants:
        return {}
    row = cell.values[cell.participants.index(participant)]
    return dict(zip(analysis.measures, (float(value) for value in row), strict=True))
