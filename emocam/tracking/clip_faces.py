"""Offline tracking: find the faces in each frame of a clip, then read them.

Both steps take about as long, so each runs in a thread of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emocam.detection.crop import crop_faces
from emocam.readings import FrameReadings
from emocam.recognition.prediction import Prediction
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.tracking.clip_pictures import FOLLOW_EVERY_S, ClipPicture
from emocam.tracking.finder import FaceFinder
from emocam.tracking.tracker import KEEP_S
from emocam.tracking.unchanged import read_once
from emocam.types import Box, Face, ImageU8, Reading

Predict = Callable[[ImageU8], Prediction]  # as `EmotionRecognizer.predict_crops`

_TWO_LOOKS = (
    1.5  # times the interval of pictures: the next one, however late, but not the one after
)
_STAY_WITH = 1.4  # how much larger another face must be to become "the largest"


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """The faces of one analysed frame, before they are read."""

    index: int
    time_s: float
    faces: tuple[Face, ...]  # confirmed tracks, with their ids
    # The same in the training format, shape (size, size), uint8; none where they are not needed
    crops: tuple[ImageU8, ...]
    hidden: tuple[Face, ...] = ()  # faces that are tracked but not read
    source: str = ""
    is_between: bool = False  # whether it lies between two searches, which found all of its faces


def find_faces(
    pictures: Iterable[ClipPicture],
    size: int,
    *,
    every_s: float = 0.0,
    largest: bool = False,
    all_crops: bool = False,
) -> Iterator[FoundFaces]:
    """Follow the faces of a clip through its frames, in order.

    Parameters
    ----------
    pictures
        What `clip_pictures` gives.
    size
        Side of the training format in pixels.
    every_s
        Seconds from one picture to the next, as for `clip_pictures`.
    largest
        Whether to take only the largest face.
    all_crops
        Whether to cut faces out in frames between two searches too.
    """
    finder = _ClipFinder(every_s=every_s, largest=largest)
    since: list[ClipPicture] = []  # pictures since the last one that was searched
    for picture in pictures:
        if picture.is_cut:
            yield from _found_in(finder, since, size, all_crops)
            since = []
            finder.forget()
        since.append(picture)
        if picture.time_s - finder.followed_s >= FOLLOW_EVERY_S:
            yield from _found_in(finder, since, size, all_crops)
            since = []
    yield from _found_in(finder, since, size, all_crops)


def _found_in(
    finder: _ClipFinder, pictures: Sequence[ClipPicture], size: int, all_crops: bool
) -> Iterator[FoundFaces]:
    """Detect in the last picture, and interpolate the boxes in those before it."""
    if not pictures:
        return
    before, before_s, hidden = finder.faces, finder.followed_s, finder.hidden
    last = pictures[-1]
    after = {face.id: face for face in finder.find(last)}
    # Between two detections of an unread face, both of its boxes are hidden.
    hidden = [*hidden, *finder.hidden]
    for picture in pictures[:-1]:
        share = (picture.time_s - before_s) / (last.time_s - before_s)
        faces = [_between(face, after[face.id], share) for face in before if face.id in after]
        lost = [face for face in before if face.id not in after]
        crops = crop_faces(picture.image_bgr, faces, size) if all_crops else []
        yield replace(_found(picture, faces, crops, [*hidden, *lost]), is_between=True)
    crops = crop_faces(last.image_bgr, finder.faces, size)
    yield _found(last, finder.faces, crops, finder.hidden)


def _found(
    picture: ClipPicture, faces: Sequence[Face], crops: Sequence[ImageU8], hidden: Sequence[Face]
) -> FoundFaces:
    return FoundFaces(
        picture.index, picture.time_s, tuple(faces), tuple(crops), tuple(hidden), picture.source
    )


def _between(before: Face, after: Face, share: float) -> Face:
    """The box and angles interpolated, with the lower of the two detection probabilities."""
    return replace(
        before,
        xyxy=blend_boxes(before.xyxy, after.xyxy, share),
        detection=min(before.detection, after.detection),
        yaw=_blend(before.yaw, after.yaw, share),
        pitch=_blend(before.pitch, after.pitch, share),
        roll=_blend(before.roll, after.roll, share),
    )


def _blend(before: float | None, after: float | None, share: float) -> float | None:
    if before is None or after is None:
        return None
    return before + share * (after - before)


def blend_boxes(a: Box, b: Box, share: float) -> Box:
    """Linear interpolation between two boxes, `share` from 0 to 1."""
    x1, y1, x2, y2 = (round(p + share * (q - p)) for p, q in zip(a, b, strict=True))
    return x1, y1, x2, y2


def read_faces(
    found: Iterable[FoundFaces],
    recognizer: EmotionRecognizer,
    batch: int,
    *,
    each: bool = False,
    predict: Predict | None = None,
) -> Iterator[FrameReadings]:
    """Read the faces of many frames in batches, which takes less than half the time.

    A prediction reads all of the model's reference faces from memory, once for a batch. A face that
    hardly changed since it was last read in the same batch keeps that reading. In a frame between
    two searches it has the mean of the readings before and after.

    Parameters
    ----------
    found
        What `find_faces` gives.
    recognizer
        What reads faces of the training format.
    batch
        How many frames, or faces, are read at once.
    each
        Whether to read frames between two searches too; then all have crops.
    predict
        In the place of the recognizer's `predict_crops`.
    """
    predict = predict or recognizer.predict_crops
    before: dict[int, Reading] = {}
    between: list[FoundFaces] = []
    for frame, readings in _read_in_batches(found, recognizer, predict, batch, each):
        if readings is None:
            between.append(frame)
            continue
        after = {one.face.id: one for one in readings}
        for one in between:
            yield _means(one, before, after, recognizer)
        yield _result(frame, readings)
        before, between = after, []


def _read_in_batches(
    found: Iterable[FoundFaces],
    recognizer: EmotionRecognizer,
    predict: Predict,
    batch: int,
    each: bool,
) -> Iterator[tuple[FoundFaces, list[Reading] | None]]:
    """Frames with the readings of their faces, or None where they are not read."""
    waiting: list[FoundFaces] = []
    for frame in found:
        if each:
            frame = replace(frame, is_between=False)
        elif frame.is_between:
            frame = replace(frame, crops=())
        waiting.append(frame)
        if max(len(waiting), sum(len(one.crops) for one in waiting)) >= batch:
            yield from _read(waiting, recognizer, predict)
            waiting = []
    yield from _read(waiting, recognizer, predict)


def _read(
    frames: Sequence[FoundFaces], recognizer: EmotionRecognizer, predict: Predict
) -> Iterator[tuple[FoundFaces, list[Reading] | None]]:
    crops, rows = read_once(
        pair
        for one in frames
        if not one.is_between
        for pair in zip(one.faces, one.crops, strict=True)
    )
    answers = predict(np.stack(crops)).take(rows) if crops else None
    done = 0
    for one in frames:
        if one.is_between:
            yield one, None
            continue
        readings: list[Reading] = []
        if answers is not None and one.faces:
            of_frame = answers.part(done, done + len(one.faces)).of_frame()
            readings = recognizer.readings(one.faces, of_frame)
        done += len(one.faces)
        yield one, readings


def _result(found: FoundFaces, readings: Sequence[Reading]) -> FrameReadings:
    return FrameReadings(
        tuple(readings), found.index, found.time_s, found.source, hidden=found.hidden
    )


def _means(
    found: FoundFaces,
    before: Mapping[int, Reading],
    after: Mapping[int, Reading],
    recognizer: EmotionRecognizer,
) -> FrameReadings:
    """What is shown of a frame between two that were read."""
    readings: list[Reading] = []
    hidden = list(found.hidden)
    for face in found.faces:
        around = [one[face.id] for one in (before, after) if face.id in one]
        if around:
            rows = np.array([one.probabilities for one in around], np.float32)
            readings.append(recognizer.reading(face, rows.mean(axis=0), around[-1].cluster))
        else:  # it was taken out of both
            hidden.append(face)
    return _result(replace(found, hidden=tuple(hidden)), readings)


def _largest(faces: Sequence[Face], before: int) -> Face:
    """The largest face, with hysteresis in favour of the current one."""

    def size(face: Face) -> float:
        area = float(face.size_wh[0] * face.size_wh[1])
        return area * _STAY_WITH if face.id == before else area

    return max(faces, key=size)


class _ClipFinder:
    """Follows the faces of a clip from one analysed picture to the next.

    Attributes
    ----------
    faces, hidden, followed_s
        Result of the last detection: faces to read, faces not to read, time of the picture.
    """

    def __init__(self, *, every_s: float, largest: bool) -> None:
        self.faces: list[Face] = []
        self.hidden: list[Face] = []
        self.followed_s = -math.inf
        self._largest = largest
        self._main = -1
        # One hit confirms a track here: `smooth_both_ways` drops short tracks later.
        # And a face is not lost before a picture without it.
        self._finder = FaceFinder(hits_to_show=1, keep_s=max(KEEP_S, _TWO_LOOKS * every_s))

    def forget(self) -> None:
        """Drop all tracks; their ids are not given out again."""
        self._finder.forget()
        self.faces, self.hidden, self.followed_s = [], [], -math.inf

    def find(self, picture: ClipPicture) -> list[Face]:
        """The tracked faces of the next picture."""
        image, time_s = picture.image_bgr, picture.time_s
        searched = None if picture.found is None else picture.found()
        found = self._finder.search(image, time_s, searched=searched)
        faces, hidden = self._finder.tracker.update(found, time_s, image), []
        if self._largest and faces:
            main = _largest(faces, self._main)
            hidden = [face for face in faces if face is not main]
            faces, self._main = [main], main.id
        self.faces, self.hidden, self.followed_s = faces, hidden, time_s
        return faces
