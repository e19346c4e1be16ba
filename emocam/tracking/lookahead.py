"""Offline smoothing: a sliding window that also covers the next seconds of the clip."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from emocam.readings import FrameReadings
from emocam.recognition.labels import UNSURE
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.temporal import smooth_clip
from emocam.tracking.clip_faces import blend_boxes
from emocam.types import Face, Reading

_STEP_S = 1.0  # length of the part that each window decides ...
_MARGIN_S = 1.5  # ... and of the context on both sides of it
_MIN_SEEN_S = 0.3  # shorter tracks count as false detections
_APART_S = 2.0  # frames farther apart can't tell how short a track is: one of them is enough
_BARELY_S = 0.5  # a shorter label needs a clear certainty, else the face stays unsure
_CLEARLY = 1.1  # times the threshold of certainty
_BRIDGE_S = 0.8  # gaps in a track that the film bridges


def smooth_both_ways(
    frames: Iterator[FrameReadings], recognizer: EmotionRecognizer, *, raw: bool = False
) -> Iterator[FrameReadings]:
    """Smooth a stream of readings with a delay of about two seconds, in order.

    Each face's probabilities are smoothed both ways in time (`smooth_clip`) over a window that
    moves along, so memory doesn't grow with the clip. Short tracks are left out.

    Parameters
    ----------
    frames
        Analysed frames in order, with their times, their faces as the model read them.
    recognizer
        Gives the labels and the threshold of certainty.
    raw
        Whether to leave readings unsmoothed.
    """
    window: list[FrameReadings] = []
    done = 0  # frames of the window that were yielded already
    life = _Lives()
    for frame in frames:
        window.append(frame)
        life.see(frame)
        if _time(frame) - _time(window[done]) < _STEP_S + _MARGIN_S:
            continue
        stop = _first_from(window, _time(frame) - _MARGIN_S)
        yield from _smooth_part(window, done, stop, life, recognizer, raw)
        start = _first_from(window, _time(window[stop]) - _MARGIN_S)
        del window[:start]
        done = stop - start
        life.forget_before(_time(window[0]))
    yield from _smooth_part(window, done, len(window), life, recognizer, raw)


def _first_from(window: Sequence[FrameReadings], time_s: float) -> int:
    return next((n for n, one in enumerate(window) if _time(one) >= time_s), len(window))


def _time(frame: FrameReadings) -> float:
    assert frame.time_s is not None  # of a clip
    return frame.time_s


class _Lives:
    """First and last time of each track, to the frames around it where those are far apart."""

    def __init__(self) -> None:
        self._spans: dict[int, tuple[float, float]] = {}
        self._first_s: float | None = None
        self._last_s = 0.0

    def see(self, frame: FrameReadings) -> None:
        time_s = _time(frame)
        before_s = time_s if self._first_s is None else self._last_s
        self._first_s = time_s if self._first_s is None else self._first_s
        self._last_s = begin_s = time_s
        if time_s - before_s > _APART_S:
            begin_s = before_s
            for key, (first_s, last_s) in self._spans.items():
                self._spans[key] = first_s, time_s if last_s == before_s else last_s
        for face in frame.faces:
            first_s = self._spans.get(face.id, (begin_s, 0.0))[0]
            self._spans[face.id] = first_s, time_s

    def is_real(self, face_id: int) -> bool:
        first_s, last_s = self._spans[face_id]
        # In a clip shorter than that, a track that lasts throughout is kept.
        so_far_s = self._last_s - (self._first_s or 0.0)
        return last_s - first_s >= min(_MIN_SEEN_S, so_far_s)

    def forget_before(self, time_s: float) -> None:
        gone = [key for key, (_, last_s) in self._spans.items() if last_s < time_s - 10 * _MARGIN_S]
        for key in gone:
            del self._spans[key]


def _smooth_part(
    window: Sequence[FrameReadings],
    start: int,
    stop: int,
    life: _Lives,
    recognizer: EmotionRecognizer,
    raw: bool,
) -> Iterator[FrameReadings]:
    """The frames from `start` to `stop`, smoothed with all others around them."""
    readings: dict[int, list[Reading]] = defaultdict(list)
    bridged: dict[int, list[Reading]] = defaultdict(list)
    hidden: dict[int, list[Face]] = defaultdict(list)
    for face_id, places in _places(window).items():
        if not life.is_real(face_id):
            for row, place in places:
                hidden[row].append(window[row][place].face)
            continue
        calm = _readings_of(window, places, recognizer, raw)
        for (row, _), reading in zip(places, calm, strict=True):
            readings[row].append(reading)
        for (row, _), reading, (later, _), following in zip(
            places, calm, places[1:], calm[1:], strict=False
        ):
            gap_s = _time(window[later]) - _time(window[row])
            for between in range(row + 1, later) if gap_s <= _BRIDGE_S else ():
                share = (_time(window[between]) - _time(window[row])) / gap_s
                bridged[between].append(between_readings(reading, following, share))
        first_row, first_place = places[0]
        for row in range(first_row):  # it may have been there before it was first found
            hidden[row].append(window[first_row][first_place].face)
    first_rows: dict[int, int] = {}
    for row, frame in enumerate(window):
        for face in frame.hidden:
            for earlier in range(row) if first_rows.setdefault(face.id, row) == row else ():
                hidden[earlier].append(face)
    for row in range(start, stop):
        yield replace(
            window[row],
            readings=tuple(readings[row]),
            bridged=tuple(bridged[row]),
            hidden=(*window[row].hidden, *hidden[row]),
        )


def _places(window: Sequence[FrameReadings]) -> dict[int, list[tuple[int, int]]]:
    """For each face, the frames it is in and its index there."""
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, frame in enumerate(window):
        for place, reading in enumerate(frame):
            places[reading.face.id].append((row, place))
    return places


def _readings_of(
    window: Sequence[FrameReadings],
    places: Sequence[tuple[int, int]],
    recognizer: EmotionRecognizer,
    raw: bool,
) -> list[Reading]:
    """One face's readings."""
    times_s = [_time(window[row]) for row, _ in places]
    given = [window[row][place] for row, place in places]
    probabilities = np.array([one.probabilities for one in given], np.float32)
    best = probabilities.argmax(axis=1)
    if not raw:
        probabilities, best = smooth_clip(probabilities, times_s)
    readings = [
        recognizer.reading(one.face, probabilities[n], one.cluster, int(best[n]))
        for n, one in enumerate(given)
    ]
    return readings if raw else _without_specks(readings, times_s, recognizer.certainty)


def _without_specks(
    readings: list[Reading], times_s: Sequence[float], threshold: float
) -> list[Reading]:
    """Labels that appear between unsure readings for a moment, only just certain, are unsure."""
    calm: list[Reading] = []
    for emotion, spell in itertools.groupby(readings, key=lambda one: one.emotion):
        part = list(spell)
        first, last = len(calm), len(calm) + len(part) - 1
        amid = [readings[n].emotion for n in (first - 1, last + 1) if 0 <= n < len(readings)]
        clear = max(one.certainty for one in part) >= _CLEARLY * threshold
        if set(amid) == {UNSURE} and not clear and times_s[last] - times_s[first] < _BARELY_S:
            emotion = UNSURE
        calm += [replace(one, emotion=emotion) for one in part]
    return calm


def between_readings(before: Reading, after: Reading, share: float) -> Reading:
    """One face's reading between two others, for drawing.

    Parameters
    ----------
    before, after
        Readings of the same face.
    share
        0 for the first, 1 for the second.
    """
    nearest = before if share < 0.5 else after
    xyxy = blend_boxes(before.face.xyxy, after.face.xyxy, share)
    return replace(nearest, face=replace(nearest.face, xyxy=xyxy))
