"""The last thirty seconds of each face, as a strip below the picture."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ImageDraw

from emocam.readings import Readings
from emocam.recognition.labels import color_rgb, short_name
from emocam.render.sprites import (
    SOFT,
    WHITE,
    Rgb,
    Sprite,
    SpriteCache,
    Text,
    baseline,
    ink_on,
    make_text,
    plate,
)
from emocam.types import ImageU8, Reading

SPAN_S = 30.0
_GAP_S = 1.0  # readings further apart than this are not joined
_HOLD_S = 0.15  # how long the last reading before a gap is drawn
_LEAST_STEP = 0.005  # of certainty: a fifth of a pixel in a strip of forty
_LEAST_WAIT_S = 0.1  # between two steps: a pixel of 300, four of 1200
_TRIM = 200  # steps of a run that have left the strip are dropped so many at a time
_LANES_TALL = 5.6  # height of all lanes together in sizes of the text
_MOST_LANES = 4
_HIGHEST = 0.94  # share of a face's part of the strip that full certainty takes
_SHIFT = 4  # OpenCV's fixed point: pixels times 16, so that the strip glides
_LINE_RGB: Rgb = (90, 94, 100)
_EDGE_BGR = (235, 235, 235)
_Floats = npt.NDArray[np.float64]


@dataclass
class _Run:
    """A stretch of one emotion: its course as steps, when it was last read and last stepped."""

    emotion: str
    times_s: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    last_s: float = 0.0
    stepped_s: float = 0.0
    _outline: tuple[_Floats, _Floats, float] | None = None
    _median: float | None = None

    def add(self, time_s: float, height: float) -> None:
        """Hold the last height up to this time, then step to the new one if that can be seen."""
        if self.heights:
            self.hold(time_s)
            is_soon = time_s - self.stepped_s < _LEAST_WAIT_S
            if is_soon or abs(height - self.heights[-1]) < _LEAST_STEP:
                self.last_s = time_s
                return
        self.times_s.append(time_s)
        self.heights.append(height)
        self.last_s = self.stepped_s = time_s
        self._outline = self._median = None

    def hold(self, time_s: float) -> None:
        """Draw the last height out to this time."""
        if len(self.heights) > 1 and self.heights[-1] == self.heights[-2]:
            self.times_s[-1] = time_s
        else:
            self.times_s.append(time_s)
            self.heights.append(self.heights[-1])
            self._median = None
        self._outline = None

    def forget_before(self, time_s: float) -> None:
        """Drop steps that have left the strip."""
        old = bisect_left(self.times_s, time_s)
        if old > _TRIM:
            del self.times_s[: old - 1], self.heights[: old - 1]
            self._outline = self._median = None

    @property
    def outline(self) -> tuple[_Floats, _Floats, float]:
        """Times and heights of its points, which begin and end on the floor, at height 0, and
        the median height."""
        if self._outline is None:
            times_s = [self.times_s[0], *self.times_s, self.times_s[-1]]
            heights = np.array([0.0, *self.heights, 0.0])
            if self._median is None:  # while its last height is held it stays
                self._median = float(np.median(self.heights))
            self._outline = np.array(times_s), heights, self._median
        return self._outline


@dataclass(frozen=True, eq=False)
class Course:
    """The outlines of a face's runs, one after the other."""

    emotions: tuple[str, ...]  # one a run, oldest first
    middles: tuple[float, ...]  # median certainty of each run
    ends: tuple[int, ...]  # where each run's points end
    # The points' times in seconds and certainties. The first and the last point of a run stand on
    # the floor, at certainty 0.
    times_s: _Floats
    heights: _Floats

    @classmethod
    def of(cls, runs: Iterable[_Run]) -> Course:
        """Join runs, at least one."""
        known = list(runs)
        times_s, heights, middles = zip(*(run.outline for run in known), strict=True)
        ends = np.cumsum([len(one) for one in times_s])
        emotions = tuple(run.emotion for run in known)
        points = np.concatenate(times_s), np.concatenate(heights)
        return cls(emotions, middles, tuple(ends.tolist()), *points)


class History:
    """Recent readings of each face.

    Parameters
    ----------
    labels
        The model's labels.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self._runs: dict[int, deque[_Run]] = {}
        self._courses: dict[int, Course] = {}

    def remember(self, readings: Readings, time_s: float) -> None:
        """Add one analysis' readings, and drop what has left the strip."""
        for reading in readings:
            self._add(self._runs.setdefault(reading.face.id, deque()), reading, time_s)
        self._courses.clear()
        oldest_s = time_s - SPAN_S - _GAP_S
        for runs in self._runs.values():
            while runs and runs[0].times_s[-1] < oldest_s:
                runs.popleft()
            if runs:
                runs[0].forget_before(oldest_s)
        self._runs = {face: runs for face, runs in self._runs.items() if runs}

    @property
    def faces(self) -> list[int]:
        """Ids of the faces that were seen in the last thirty seconds, lowest first."""
        return sorted(self._runs)

    def course(self, face: int) -> Course:
        """What was read in one of `faces`, ready to be drawn."""
        if face not in self._courses:
            self._courses[face] = Course.of(self._runs[face])
        return self._courses[face]

    def _add(self, runs: deque[_Run], reading: Reading, time_s: float) -> None:
        last = runs[-1] if runs else None
        if last is not None and time_s < last.last_s:
            return  # time went back: nothing that could be drawn in order
        if last is not None and time_s - last.last_s > _GAP_S:
            last.hold(last.last_s + _HOLD_S)
            last = None
        if last is None or last.emotion != reading.emotion:
            if last is not None:
                last.hold(time_s)
            runs.append(last := _Run(reading.emotion))
        last.add(time_s, reading.certainty)


def strip_height(px: int) -> int:
    """Height in pixels of the strip, whatever the number of faces: a film's pictures are all of
    one size. A multiple of 4, which is encoded without a copy."""
    return 4 * round((_LANES_TALL * px + round(px * 1.1)) / 4)


def draw_strip(
    strip_bgr: ImageU8,
    history: History,
    faces: Sequence[int],
    time_s: float,
    px: int,
    cache: SpriteCache,
) -> None:
    """Fill the strip, in place.

    Parameters
    ----------
    strip_bgr
        Shape (height, width, 3), uint8: as high as `strip_height` says.
    history
        What was read.
    faces
        Ids of the faces to show, the most wanted first; those that find no room are left out.
    time_s
        The right end of the strip.
    px
        Size of the text in pixels.
    cache
        Where its texts are kept.
    """
    height, width = strip_bgr.shape[:2]
    shown = tuple(sorted(faces[:_MOST_LANES]))
    lane_height = (height - round(px * 1.1)) // max(1, len(shown))
    text_px = max(9, min(px, round(lane_height / 1.3)))
    key = "strip", width, height, shown, px
    ground = cache.get(key, lambda: _make_ground((width, height), shown, px, lane_height))
    ground.lay_on(strip_bgr, 0, 0)
    left, right = _sides(width, px)
    known = set(history.faces)
    for place, face in enumerate(shown):
        if face in known:
            bottom = (place + 1) * lane_height
            lane = strip_bgr[bottom - lane_height + 2 : bottom - 1, left:right]
            _draw_runs(lane, history, face, time_s, text_px, cache)


def _sides(width: int, px: int) -> tuple[int, int]:
    pad = max(3, round(px * 0.4))
    return 2 * pad + Text("00", px, bold=True).width, width - pad


def _make_ground(
    size_wh: tuple[int, int], faces: Sequence[int], px: int, lane_height: int
) -> Sprite:
    """The static parts: dark ground, ids of the faces, seconds."""
    width, height = size_wh
    left, right = _sides(width, px)
    picture = plate(size_wh, 0, alpha=255)
    pen = ImageDraw.Draw(picture)
    text_px = max(9, min(px, round(lane_height / 1.3)))
    for place, face in enumerate(faces):
        stands = place * lane_height + baseline(text_px, lane_height)
        Text(str(face), text_px, WHITE, bold=True).draw(pen, max(3, round(px * 0.4)), stands)
        floor = (place + 1) * lane_height - 1
        pen.line((left, floor, right, floor), _LINE_RGB)
    small, axis = max(8, round(px * 0.75)), round(px * 1.1)
    stands = height - axis + baseline(small, axis)
    for x, text in times_below(left, right, small):
        text.draw(pen, x, stands)
    return Sprite.from_rgba(picture)


def times_below(left: int, right: int, px: int) -> list[tuple[float, Text]]:
    """Where which times stand, the latest first; those without room before it are left out."""
    times: list[tuple[float, Text]] = []
    end: float = right
    for ago_s in range(0, round(SPAN_S) + 1, 10):
        text = Text(f"−{ago_s} s" if ago_s else "now", px, SOFT)
        x = min(right - (right - left) * ago_s / SPAN_S, right - text.width)
        if x + text.width <= end:
            times.append((x, text))
            end = x - px / 2
    return times


def _draw_runs(
    lane: ImageU8, history: History, face: int, time_s: float, px: int, cache: SpriteCache
) -> None:
    """Draw a face's stretches into its part of a frame: as high as they were certain."""
    height, width = lane.shape[:2]
    course, unit = history.course(face), 1 << _SHIFT
    x = np.minimum((course.times_s - time_s) * (width / SPAN_S) + width, width)
    y = height * (1 - _HIGHEST * course.heights)
    points = np.rint(np.stack([x, y], axis=1) * unit).astype(np.int32)
    outlines = np.split(points, course.ends[:-1])
    for emotion, outline in zip(course.emotions, outlines, strict=True):
        color_bgr = color_rgb(emotion, history.labels)[::-1]
        cv2.fillPoly(lane, [outline], color_bgr, cv2.LINE_AA, _SHIFT)
    # Dark colours would be lost on the dark ground.
    edges = [outline[1:-1] for outline in outlines]
    cv2.polylines(lane, edges, False, _EDGE_BGR, 1, cv2.LINE_AA, _SHIFT)
    for emotion, middle, outline in zip(course.emotions, course.middles, outlines, strict=True):
        left, right = max(0, int(outline[0, 0]) // unit), int(outline[-1, 0]) // unit
        text_px = max(9, round(px * 0.9))
        # Where certainty was low, the word stands on the dark ground above the colour.
        is_low = height * _HIGHEST * middle < 0.8 * text_px
        ink = WHITE if is_low else ink_on(color_rgb(emotion, history.labels))
        # No colour stands alone: where the word finds no room, its first letters do.
        for word in (emotion, short_name(emotion, history.labels)):
            name = Text(word, text_px, ink, outline=max(1, px // 9))
            if right - left > name.width + 4:
                sprite = cache.get(name, partial(make_text, name))
                sprite.lay_on(lane, left + 2, height - sprite.size_wh[1])
                break
