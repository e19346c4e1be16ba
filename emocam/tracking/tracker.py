"""The face tracker: ids that persist from frame to frame, and smoothed boxes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from emocam.tracking.one_euro import OneEuroBox
from emocam.types import Box, Face, FloatArray, ImageU8

KEEP_S = 2.5  # a lost track is kept for this long
_FADE_S = 0.4  # the box of a lost track fades out in this time
_SEARCH_S = 0.8  # a lost face is searched near its last box for this long
_MAX_STEP = 0.9  # face widths between two detections of a track ...
_STEP_A_SECOND = 0.6  # ... and in addition for each second between them
_MAX_GROWTH = 1.8  # ratio of sizes between two detections of a track
_APPEARANCE_WEIGHT = 0.8
_HISTOGRAM_BINS = (12, 6, 6)


@dataclass(frozen=True)
class VisibleFace:
    """A tracked face at a moment, for drawing."""

    face: Face  # box, extrapolated to that moment, and id
    fade: float  # opacity: 1 for a face of the last frame, falling to 0 after it was lost
    # Lowest free number from 0, fixed for the track's life
    place: int


@dataclass
class _Track:
    id: int
    place: int
    face: Face
    box_filter: OneEuroBox
    seen_s: float
    histogram: FloatArray | None
    hits: int = 1
    gone_s: float | None = None  # when it was first missed


class FaceTracker:
    """Associates detections with tracks by distance, size and, given the picture, appearance.

    Tracking by detection, as in SORT (Bewley et al., ICIP 2016), with appearance histograms against
    id switches when faces cross, and one-euro filtered boxes. Thresholds are in seconds and face
    widths, so they do not depend on frame rate or picture size.

    Parameters
    ----------
    hits_to_show
        Detections that confirm a track. More suppresses more false detections, and shows faces
        later.
    keep_s
        Seconds for which a lost track is kept.
    """

    def __init__(self, hits_to_show: int = 2, keep_s: float = KEEP_S) -> None:
        self.hits_to_show = hits_to_show
        self.keep_s = keep_s
        self._tracks: list[_Track] = []
        self._next_id = 0
        self._now_s = -math.inf

    def update(
        self, faces: Sequence[Face], time_s: float, frame_bgr: ImageU8 | None = None
    ) -> list[Face]:
        """The confirmed faces of this frame, with their ids and filtered boxes.

        Parameters
        ----------
        faces
            Faces found in this frame, in any order.
        time_s
            The frame's time in seconds. A time that goes back (a clip that starts over) forgets
            all faces.
        frame_bgr
            The frame, for appearance histograms; None goes without.
        """
        if time_s < self._now_s:
            self._tracks = []
        self._now_s = time_s
        self._tracks = [t for t in self._tracks if time_s - t.seen_s <= self.keep_s]
        histograms = [
            None if frame_bgr is None else _appearance_histogram(frame_bgr, face.xyxy)
            for face in faces
        ]
        free = list(range(len(faces)))
        for track, number in self._pairs(faces, histograms, time_s):
            free.remove(number)
            self._see(track, faces[number], histograms[number], time_s)
        for number in free:
            self._start(faces[number], histograms[number], time_s)
        for track in self._tracks:
            if track.seen_s < time_s and track.gone_s is None:
                track.gone_s = time_s
        self._tracks = [t for t in self._tracks if t.hits > 1 or time_s - t.seen_s < _FADE_S]
        seen = (t for t in self._tracks if t.seen_s == time_s and t.hits >= self.hits_to_show)
        return sorted((t.face for t in seen), key=lambda face: face.id)

    def at(self, time_s: float) -> list[VisibleFace]:
        """The visible faces at a time after the last update, ordered by id."""
        shown = []
        for track in self._tracks:
            fade = 1.0 if track.gone_s is None else 1.0 - (time_s - track.gone_s) / _FADE_S
            if track.hits >= self.hits_to_show and fade > 0:
                face = replace(track.face, xyxy=track.box_filter.at(time_s))
                shown.append(VisibleFace(face, min(1.0, fade), track.place))
        return sorted(shown, key=lambda one: one.face.id)

    @property
    def boxes(self) -> list[Box]:
        """Last boxes of the tracks, of those lost a moment ago too: where to search first."""
        return [t.face.xyxy for t in self._tracks if self._now_s - t.seen_s <= _SEARCH_S]

    @property
    def hidden(self) -> tuple[Face, ...]:
        """Faces of unconfirmed tracks and of those that the last frame missed."""
        return tuple(
            t.face for t in self._tracks if t.seen_s < self._now_s or t.hits < self.hits_to_show
        )

    def besides(self, ids: Collection[int]) -> tuple[Face, ...]:
        """Last boxes of all tracks but those of these ids."""
        return tuple(t.face for t in self._tracks if t.id not in ids)

    def _pairs(
        self, faces: Sequence[Face], histograms: Sequence[FloatArray | None], time_s: float
    ) -> list[tuple[_Track, int]]:
        costs = sorted(
            (cost, track.id, number)
            for track in self._tracks
            for number, face in enumerate(faces)
            if (cost := _cost(track, face, histograms[number], time_s)) is not None
        )
        tracks = {track.id: track for track in self._tracks}
        pairs: list[tuple[_Track, int]] = []
        taken: set[int] = set()
        for _, track_id, number in costs:
            if track_id in tracks and number not in taken:
                taken.add(number)
                pairs.append((tracks.pop(track_id), number))
        return pairs

    def _see(self, track: _Track, face: Face, histogram: FloatArray | None, time_s: float) -> None:
        track.face = replace(face, xyxy=track.box_filter.update(face.xyxy, time_s), id=track.id)
        track.seen_s, track.gone_s = time_s, None
        track.hits += 1
        if histogram is not None:
            before = track.histogram
            track.histogram = histogram if before is None else 0.9 * before + 0.1 * histogram

    def _start(self, face: Face, histogram: FloatArray | None, time_s: float) -> None:
        taken = {track.place for track in self._tracks}
        place = next(n for n in range(len(taken) + 1) if n not in taken)
        named = replace(face, id=self._next_id)
        box_filter = OneEuroBox(face.xyxy, time_s)
        self._tracks.append(_Track(self._next_id, place, named, box_filter, time_s, histogram))
        self._next_id += 1


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    area_a = (a[2] - a[0]) * (a[3] - a[1])
    area_b = (b[2] - b[0]) * (b[3] - b[1])
    return shared / (area_a + area_b - shared)


def _cost(track: _Track, face: Face, histogram: FloatArray | None, time_s: float) -> float | None:
    """Cost of associating a face with a track, 0 for an identical one; None when it is gated."""
    expected = track.box_filter.at(time_s)
    width = (face.size_wh[0] + expected[2] - expected[0]) / 2
    growth = face.size_wh[0] / (expected[2] - expected[0])
    away = math.dist(_center(expected), _center(face.xyxy)) / width
    reach = _MAX_STEP + _STEP_A_SECOND * (time_s - track.seen_s)
    if away > reach or not 1 / _MAX_GROWTH <= growth <= _MAX_GROWTH:
        return None
    cost = away + abs(math.log(growth))
    if histogram is not None and track.histogram is not None:
        cost += _APPEARANCE_WEIGHT * cv2.compareHist(
            track.histogram, histogram, cv2.HISTCMP_BHATTACHARYYA
        )
    return cost


def _center(xyxy: Box) -> tuple[float, float]:
    return (xyxy[0] + xyxy[2]) / 2, (xyxy[1] + xyxy[3]) / 2


def _appearance_histogram(frame_bgr: ImageU8, xyxy: Box) -> FloatArray:
    """HSV histogram of the face and the clothes below it, shape (bins,), summing to 1."""
    x1, y1, x2, y2 = xyxy
    step = max(1, (x2 - x1) // 24)
    part = frame_bgr[max(0, y1) : max(1, y2 + (y2 - y1) // 2) : step, max(0, x1) : x2 : step]
    if part.size == 0:
        return np.full(math.prod(_HISTOGRAM_BINS), 1 / math.prod(_HISTOGRAM_BINS), np.float32)
    hsv = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(_HISTOGRAM_BINS), [0, 180, 0, 256, 0, 256])
    return (counts.ravel() / max(1.0, float(counts.sum()))).astype(np.float32)
