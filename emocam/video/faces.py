"""The first half of a video's way: which faces are in each frame, and what is read in them.

These are two steps, since they take about as long: two threads do them at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emocam.detection.crop import crop_faces
from emocam.detection.detector import FaceDetector
from emocam.io.video_reader import VideoFile
from emocam.recognition.prediction import FaceModel
from emocam.tracking.scene_cut import CutFinder
from emocam.tracking.tracker import FaceTracker, overlap
from emocam.types import Box, Face, FloatArray, ImageU8, IntArray

_FOLLOW_EVERY_S = 0.06  # of 25 or 30 frames a second every second one; faces move evenly between
_SEARCH_EVERY_S = 0.5  # new faces are looked for this often while all known ones are found ...
_SEARCH_LOST_S = 0.1  # ... and this often while one is lost or none is known
_EARLY_S = 0.001  # times of frames are not exact
_SAME_FACE = 0.3  # boxes that overlap more are one face
_STAY_WITH = 1.4  # how much larger another face must be to become "the largest"


@dataclass(frozen=True, eq=False)
class _Picture:
    index: int
    time_s: float
    image_bgr: ImageU8


@dataclass(frozen=True, eq=False)
class Sighting:
    """One analysed frame, before its faces are read.

    Attributes
    ----------
    index, time_s
        The frame's number and time in seconds.
    faces
        Confirmed faces, with numbers that stay.
    crops
        The same faces in the training format, each of shape (size, size), uint8.
    """

    index: int
    time_s: float
    faces: tuple[Face, ...]
    crops: tuple[ImageU8, ...]


@dataclass(frozen=True, eq=False)
class Look:
    """One analysed frame, before smoothing.

    Attributes
    ----------
    index, time_s
        The frame's number and time in seconds.
    faces
        Confirmed faces, with numbers that stay.
    probabilities
        Shape (faces, labels), float32.
    clusters
        Shape (faces,).
    """

    index: int
    time_s: float
    faces: tuple[Face, ...]
    probabilities: FloatArray
    clusters: IntArray


def find_faces(
    video: VideoFile, size: int, *, every_s: float = 0.0, largest: bool = False
) -> Iterator[Sighting]:
    """Follow the faces of a clip through its frames, in order.

    Parameters
    ----------
    video
        An open clip.
    size
        Side of the training format in pixels.
    every_s
        Seconds from one analysed frame to the next; 0 analyses all. Frames between are not even
        converted to pictures.
    largest
        Whether to take only the largest face.
    """
    finder = _Finder(largest=largest)
    since: list[_Picture] = []  # pictures since the last one that was searched
    for picture in _pictures(video, every_s):
        if finder.is_cut(picture):
            yield from _sightings(finder, since, size)
            since = []
            finder.forget()
        since.append(picture)
        if picture.time_s - finder.followed_s >= _FOLLOW_EVERY_S:
            yield from _sightings(finder, since, size)
            since = []
    yield from _sightings(finder, since, size)


def _pictures(video: VideoFile, every_s: float) -> Iterator[_Picture]:
    """The frames to analyse."""
    due_s, half_frame_s = -math.inf, 0.5 / video.fps
    for index, time_s in video.ticks():
        if time_s < due_s - half_frame_s:
            continue
        image = video.picture()
        if image is None:
            continue
        # Counted from when it was due, so that frames that come late don't add up.
        due_s = time_s + every_s if time_s >= due_s + every_s else due_s + every_s
        yield _Picture(index, time_s, image)


def _sightings(finder: _Finder, pictures: Sequence[_Picture], size: int) -> Iterator[Sighting]:
    """Search the last picture; in those before it faces are between where they were and are."""
    if not pictures:
        return
    before, before_s = finder.faces, finder.followed_s
    last = pictures[-1]
    after = {face.id: face for face in finder.find(last)}
    for picture in pictures[:-1]:
        share = (picture.time_s - before_s) / (last.time_s - before_s)
        faces = [_between(face, after[face.id], share) for face in before if face.id in after]
        yield _sighting(picture, faces, size)
    yield _sighting(last, finder.faces, size)


def _sighting(picture: _Picture, faces: Sequence[Face], size: int) -> Sighting:
    crops = crop_faces(picture.image_bgr, faces, size)
    return Sighting(picture.index, picture.time_s, tuple(faces), tuple(crops))


def _between(before: Face, after: Face, share: float) -> Face:
    """A face on its way: as sure as the less sure of the two."""
    xyxy = blend_boxes(before.xyxy, after.xyxy, share)
    return replace(before, xyxy=xyxy, detection=min(before.detection, after.detection))


def blend_boxes(a: Box, b: Box, share: float) -> Box:
    """The box at a share of the way from one to another."""
    x1, y1, x2, y2 = (round(p + share * (q - p)) for p, q in zip(a, b, strict=True))
    return x1, y1, x2, y2


def read_faces(sightings: Iterable[Sighting], model: FaceModel, batch: int) -> Iterator[Look]:
    """Read the faces of many frames at once, which costs less than half of one by one.

    A reading goes through the model's whole memory; for a batch of faces it goes through it once.

    Parameters
    ----------
    sightings
        What `find_faces` gives.
    model
        What reads faces of the training format.
    batch
        How many frames, or faces, are read at once.
    """
    waiting: list[Sighting] = []
    for sighting in sightings:
        waiting.append(sighting)
        if max(len(waiting), sum(len(one.crops) for one in waiting)) >= batch:
            yield from _read(waiting, model)
            waiting = []
    yield from _read(waiting, model)


def _read(sightings: Sequence[Sighting], model: FaceModel) -> Iterator[Look]:
    probabilities = np.empty((0, len(model.labels)), np.float32)
    clusters = np.empty(0, np.int64)
    crops = [crop for one in sightings for crop in one.crops]
    if crops:
        prediction = model.predict(np.stack(crops))
        probabilities, clusters = prediction.probabilities, prediction.clusters
    done = 0
    for one in sightings:
        part = slice(done, done + len(one.faces))
        done += len(one.faces)
        yield Look(one.index, one.time_s, one.faces, probabilities[part], clusters[part])


def _largest(faces: list[Face], before: int) -> Face:
    """The largest face; the one of before stays it until another is clearly larger."""

    def size(face: Face) -> float:
        area = float(face.size_wh[0] * face.size_wh[1])
        return area * _STAY_WITH if face.id == before else area

    return max(faces, key=size)


class _Finder:
    """Follows known faces closely, and searches the whole picture now and then for new ones.

    Attributes
    ----------
    faces, followed_s
        What the last search gave, and the time of its picture.
    """

    def __init__(self, *, largest: bool) -> None:
        self.faces: list[Face] = []
        self.followed_s = -math.inf
        self._largest = largest
        self._main = -1
        self._detector = FaceDetector()
        # One sighting is enough here: what flashes up is sorted out later, looking both ways.
        self._tracker = FaceTracker(hits_to_show=1)
        self._cuts = CutFinder()
        self._searched_s = -math.inf

    def is_cut(self, picture: _Picture) -> bool:
        """Whether a picture shows another scene than the one that was asked about before."""
        return self._cuts.is_cut(picture.image_bgr)

    def forget(self) -> None:
        """Forget all faces, but not which numbers they had."""
        self._tracker.update((), -math.inf)
        self.faces, self.followed_s, self._searched_s = [], -math.inf, -math.inf

    def find(self, picture: _Picture) -> list[Face]:
        """The faces of a picture, with numbers that stay; later than the one before."""
        image, time_s = picture.image_bgr, picture.time_s
        places = self._tracker.boxes
        found: list[Face] = self._detector.search_near(image, places) if places else []
        all_found = len(found) >= max(1, len(places))
        wait_s = _SEARCH_EVERY_S if all_found else _SEARCH_LOST_S
        if time_s - self._searched_s >= wait_s - _EARLY_S:
            self._searched_s = time_s
            found += [
                face
                for face in self._detector.detect(image)
                if all(overlap(face.xyxy, known.xyxy) < _SAME_FACE for known in found)
            ]
        faces = self._tracker.update(found, time_s, image)
        if self._largest and faces:
            faces = [_largest(faces, self._main)]
            self._main = faces[0].id
        self.faces, self.followed_s = faces, time_s
        return faces
