"""The second half of a video's way: readings that are calm, looking a little ahead in time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emocam.recognition.labels import UNSURE
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.recognition.temporal import smooth_clip
from emocam.types import Face, Reading
from emocam.video.faces import Look, blend_boxes

_STEP_S = 1.0  # so much is smoothed at once ...
_MARGIN_S = 1.5  # ... looking so far beyond both ends, where nothing is decided yet
_MIN_SEEN_S = 0.3  # faces that are seen for less are taken for false
_BARELY_S = 0.5  # a label for less than this must have been clear, or the face stays unsure
_CLEARLY = 1.1  # times the threshold of certainty
_BRIDGE_S = 0.8  # gaps in a face's sightings that the film draws over


@dataclass(frozen=True)
class Seen:
    """One analysed frame, smoothed.

    Attributes
    ----------
    index, time_s
        The frame's number and time in seconds.
    readings
        Of the faces that were found in this frame.
    bridged
        Of faces that were found shortly before and after, with the box between: for drawing.
    hidden
        Faces that are not shown but may be real, so a blurred film hides them too.
    """

    index: int
    time_s: float
    readings: tuple[Reading, ...]
    bridged: tuple[Reading, ...] = ()
    hidden: tuple[Face, ...] = ()


def smooth_looks(
    looks: Iterator[Look], recognizer: EmotionRecognizer, *, raw: bool = False
) -> Iterator[Seen]:
    """Smooth readings as they come, in the same order, about two seconds late.

    Each face's probabilities are smoothed both ways in time (`smooth_clip`) over a window that
    moves along, so memory doesn't grow with the clip. Faces that only flash up are left out.

    Parameters
    ----------
    looks
        Analysed frames in order.
    recognizer
        Whose labels and threshold of certainty count.
    raw
        Whether to keep each reading as it is.
    """
    window: list[Look] = []
    done = 0  # looks of the window that have gone out already
    life = _Lives()
    for look in looks:
        window.append(look)
        life.see(look)
        if look.time_s - window[done].time_s < _STEP_S + _MARGIN_S:
            continue
        stop = _first_from(window, look.time_s - _MARGIN_S)
        yield from _smooth_part(window, done, stop, life, recognizer, raw)
        start = _first_from(window, window[stop].time_s - _MARGIN_S)
        del window[:start]
        done = stop - start
        life.forget_before(window[0].time_s)
    yield from _smooth_part(window, done, len(window), life, recognizer, raw)


def _first_from(window: Sequence[Look], time_s: float) -> int:
    return next((n for n, look in enumerate(window) if look.time_s >= time_s), len(window))


class _Lives:
    """From when to when each face has been seen."""

    def __init__(self) -> None:
        self._spans: dict[int, tuple[float, float]] = {}
        self._first_s: float | None = None
        self._last_s = 0.0

    def see(self, look: Look) -> None:
        self._first_s = look.time_s if self._first_s is None else self._first_s
        self._last_s = look.time_s
        for face in look.faces:
            first_s = self._spans.get(face.id, (look.time_s, 0.0))[0]
            self._spans[face.id] = first_s, look.time_s

    def is_real(self, face_id: int) -> bool:
        first_s, last_s = self._spans[face_id]
        # Of a clip that is shorter than that, what is seen all the time will do.
        so_far_s = self._last_s - (self._first_s or 0.0)
        return last_s - first_s >= min(_MIN_SEEN_S, so_far_s)

    def forget_before(self, time_s: float) -> None:
        gone = [key for key, (_, last_s) in self._spans.items() if last_s < time_s - 10 * _MARGIN_S]
        for key in gone:
            del self._spans[key]


def _smooth_part(
    window: Sequence[Look],
    start: int,
    stop: int,
    life: _Lives,
    recognizer: EmotionRecognizer,
    raw: bool,
) -> Iterator[Seen]:
    """The looks from `start` to `stop`, smoothed with all others around them."""
    readings: dict[int, list[Reading]] = defaultdict(list)
    bridged: dict[int, list[Reading]] = defaultdict(list)
    hidden: dict[int, list[Face]] = defaultdict(list)
    for face_id, places in _places(window).items():
        if not life.is_real(face_id):
            for row, place in places:
                hidden[row].append(window[row].faces[place])
            continue
        calm = _readings_of(window, places, recognizer, raw)
        for (row, _), reading in zip(places, calm, strict=True):
            readings[row].append(reading)
        for (row, _), reading, (later, _), following in zip(
            places, calm, places[1:], calm[1:], strict=False
        ):
            gap_s = window[later].time_s - window[row].time_s
            for between in range(row + 1, later) if gap_s <= _BRIDGE_S else ():
                share = (window[between].time_s - window[row].time_s) / gap_s
                bridged[between].append(between_readings(reading, following, share))
        first_row, first_place = places[0]
        for row in range(first_row):  # it may have been there before it was first found
            hidden[row].append(window[first_row].faces[first_place])
    for row in range(start, stop):
        yield Seen(
            window[row].index,
            window[row].time_s,
            tuple(readings[row]),
            tuple(bridged[row]),
            tuple(hidden[row]),
        )


def _places(window: Sequence[Look]) -> dict[int, list[tuple[int, int]]]:
    """Of each face, in which look and there at which place it is."""
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, look in enumerate(window):
        for place, face in enumerate(look.faces):
            places[face.id].append((row, place))
    return places


def _readings_of(
    window: Sequence[Look],
    places: Sequence[tuple[int, int]],
    recognizer: EmotionRecognizer,
    raw: bool,
) -> list[Reading]:
    """One face's readings."""
    times_s = [window[row].time_s for row, _ in places]
    probabilities = np.stack([window[row].probabilities[place] for row, place in places])
    best = probabilities.argmax(axis=1)
    if not raw:
        probabilities, best = smooth_clip(probabilities, times_s)
    readings = [
        recognizer.reading(
            window[row].faces[place],
            probabilities[n],
            int(window[row].clusters[place]),
            int(best[n]),
        )
        for n, (row, place) in enumerate(places)
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
