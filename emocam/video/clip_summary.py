"""Statistics of a clip for its report, gathered frame by frame in bounded memory."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from emocam.readings import FrameReadings
from emocam.recognition.labels import UNSURE
from emocam.render.anonymize import blur_heads
from emocam.types import Box, ImageU8, Reading

_FIRST_BIN_S = 0.1
_MAX_BINS = 1200  # about two a pixel of a wide screen; beyond it neighbours are merged
AWAY_DEG = 30.0  # a head turned aside by this much looks away
_NEW_SPAN_S = 1.0  # a longer absence starts a new span
_GAP_S = 1.0  # time without any face that is worth telling
_MAX_SPANS = 500
_CLEARER = 0.01  # how much clearer a moment must be to replace the clearest so far
_THUMBNAIL_PX = 128
_AROUND = 0.35  # shown around the face, as a share of its width
_JPEG_QUALITY = 80


@dataclass
class Moment:
    """The clearest moment of an emotion in one face: when, how sure, and a JPEG picture."""

    time_s: float
    certainty: float
    jpeg: bytes = b""


@dataclass
class Person:
    """One face of a clip, over all its time."""

    id: int  # the face's number, as in the table
    seconds: float = 0.0  # how long it was found
    posed_seconds: float = 0.0  # how long its yaw was known
    away_seconds: float = 0.0  # how long it looked away
    # Time with each label, `unsure` included
    label_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    # Start and end of each presence, without an absence of more than a second
    spans: list[tuple[float, float]] = field(default_factory=list)
    # The clearest moment of each label that occurs
    moments: dict[str, Moment] = field(default_factory=dict)
    # For each time bin, counted from the first frame, the sums of the probabilities, then counts of
    # each label and `unsure`
    bins: dict[int, npt.NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Timeline:
    """A face's time in n bins of equal length, those in which it was there."""

    times_s: npt.NDArray[np.float64]  # middle of each, shape (n,)
    probabilities: npt.NDArray[np.float64]  # means, shape (n, labels)
    # The label held longest in each, shape (n,); the number after the last label's is `unsure`
    label_indices: npt.NDArray[np.int64]


class ClipSummary:
    """Gathers timelines, shares of time, clearest moments and gaps.

    Parameters
    ----------
    labels
        The model's labels.
    blur
        Whether heads in the thumbnails are made unrecognisable.
    """

    def __init__(self, labels: Sequence[str], *, blur: bool = False) -> None:
        self.labels = tuple(labels)
        self.blur = blur
        self.persons: dict[int, Person] = {}
        self.gaps: list[tuple[float, float]] = []
        self.bin_s = _FIRST_BIN_S
        self.first_s: float | None = None
        self.last_s = 0.0
        self.analysed_frames = 0
        self.frames_with_face = 0
        self._face_last_s = 0.0
        self._is_gap = False  # whether the last frame has no face

    @property
    def seconds(self) -> float:
        """From the first analysed frame to the last."""
        return 0.0 if self.first_s is None else self.last_s - self.first_s

    @property
    def share_with_face(self) -> float:
        """Share of the analysed frames in which there is a face."""
        return self.frames_with_face / self.analysed_frames if self.analysed_frames else 0.0

    def add(
        self,
        readings: FrameReadings,
        picture_bgr: ImageU8 | None = None,
        hidden: Sequence[Box] = (),
    ) -> None:
        """Add one analysed frame.

        Parameters
        ----------
        readings
            Of the faces found in it; its time is later than that of the frame before.
        picture_bgr
            The frame, for thumbnails, shape (height, width, 3), uint8.
        hidden
            Boxes of more faces, for blurring.
        """
        time_s = readings.time_s or 0.0
        if self.first_s is None:
            self.first_s = self._face_last_s = self.last_s = time_s
        since_s = time_s - self.last_s
        self.last_s = time_s
        self.analysed_frames += 1
        if readings:
            self.frames_with_face += 1
            self._end_gap(time_s)
            self._face_last_s = time_s
        self._is_gap = not readings
        for reading in readings:
            self._add_reading(reading, time_s, since_s)
            if picture_bgr is not None:
                boxes = [*hidden, *(one.face.xyxy for one in readings)] if self.blur else []
                self._add_moment(reading, time_s, picture_bgr, boxes)

    def finish(self) -> None:
        """Close a gap that lasts to the end."""
        self._end_gap(self.last_s)

    def shares(self, person: Person) -> dict[str, float]:
        """Share of a face's time with each label, summing to 1 or empty."""
        total = sum(person.label_seconds.values())
        return {
            label: person.label_seconds[label] / total
            for label in (*self.labels, UNSURE)
            if total and label in person.label_seconds
        }

    def share_away(self, person: Person) -> float | None:
        """How much of its time a face looked away, 0 to 1; None where that is not known."""
        return person.away_seconds / person.posed_seconds if person.posed_seconds else None

    def timeline(self, person: Person) -> Timeline:
        """The timeline of a face."""
        keys, kinds = sorted(person.bins), len(self.labels)
        sums = np.array([person.bins[key] for key in keys]).reshape(len(keys), 2 * kinds + 1)
        counts = sums[:, kinds:]
        return Timeline(
            times_s=(self.first_s or 0.0) + (np.array(keys) + 0.5) * self.bin_s,
            probabilities=sums[:, :kinds] / counts.sum(axis=1, keepdims=True),
            label_indices=counts.argmax(axis=1),
        )

    def _add_reading(self, reading: Reading, time_s: float, since_s: float) -> None:
        person = self.persons.setdefault(reading.face.id, Person(reading.face.id))
        since_seen_s = time_s - person.spans[-1][1] if person.spans else math.inf
        goes_on = since_seen_s <= max(_NEW_SPAN_S, 2 * since_s)
        lasts_s = since_s if goes_on else min(since_s, _NEW_SPAN_S)
        person.seconds += lasts_s
        person.label_seconds[reading.emotion] += lasts_s
        if reading.face.yaw is not None:
            person.posed_seconds += lasts_s
            person.away_seconds += lasts_s * (abs(reading.face.yaw) >= AWAY_DEG)
        if goes_on:
            person.spans[-1] = person.spans[-1][0], time_s
        elif len(person.spans) < _MAX_SPANS:
            person.spans.append((time_s, time_s))
        begin_s = self.first_s or 0.0
        while time_s - begin_s >= self.bin_s * _MAX_BINS:
            self._halve()
        key = int((time_s - begin_s) / self.bin_s)
        one_hot = [float(reading.emotion == label) for label in (*self.labels, UNSURE)]
        row = np.array([*reading.probabilities, *one_hot])
        person.bins[key] = person.bins[key] + row if key in person.bins else row

    def _halve(self) -> None:
        self.bin_s *= 2
        for person in self.persons.values():
            joined: dict[int, npt.NDArray[np.float64]] = {}
            for key, row in person.bins.items():
                joined[key // 2] = joined[key // 2] + row if key // 2 in joined else row
            person.bins = joined

    def _end_gap(self, time_s: float) -> None:
        long = time_s - self._face_last_s >= _GAP_S
        if self._is_gap and long and len(self.gaps) < _MAX_SPANS:
            self.gaps.append((self._face_last_s, time_s))

    def _add_moment(
        self, reading: Reading, time_s: float, picture_bgr: ImageU8, hidden: Sequence[Box]
    ) -> None:
        if reading.emotion == UNSURE:
            return
        moments = self.persons[reading.face.id].moments
        known = moments.get(reading.emotion)
        if known is None or reading.certainty > known.certainty + _CLEARER:
            jpeg = _thumbnail(picture_bgr, reading.face.xyxy, hidden)
            moments[reading.emotion] = Moment(time_s, reading.certainty, jpeg)


def _thumbnail(picture_bgr: ImageU8, xyxy: Box, hidden: Sequence[Box]) -> bytes:
    """A face and a little around it as JPEG; heads of `hidden` boxes are blurred."""
    x1, y1, x2, y2 = xyxy
    around = round((x2 - x1) * _AROUND)
    left, top = max(0, x1 - around), max(0, y1 - around)
    cut = np.array(picture_bgr[top : y2 + around, left : x2 + around])
    blur_heads(cut, [(a - left, b - top, c - left, d - top) for a, b, c, d in hidden])
    shrink = min(1.0, _THUMBNAIL_PX / max(cut.shape[:2]))
    if shrink < 1.0:
        cut = cv2.resize(cut, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA).astype(
            np.uint8, copy=False
        )
    _, coded = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return coded.tobytes()
