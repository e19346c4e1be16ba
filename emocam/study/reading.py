"""Reading one file of a study: a clip, a folder of photos, or a table, to columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from emocam.detection.crop import crop_faces
from emocam.errors import InputError, PictureError, SourceError
from emocam.io.decode import decode_gray
from emocam.io.photos import read_bytes
from emocam.io.video_reader import VideoFile
from emocam.readings import FrameReadings
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.runtime import one_blas_thread, one_opencv_thread
from emocam.study.films import write_film
from emocam.study.participant_face import ParticipantFace
from emocam.study.plan import photos_in
from emocam.tracking.clip_faces import FoundFaces
from emocam.types import Face, ImageU8, Reading
from emocam.video.clip_readings import clip_heads, clip_readings

_MIN_PHOTO_SIDE = 1200  # as in `emocam label`: large photos are decoded at a reduced size

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Unit:
    """What is read in one go: a file or a part of it, for one or more participants."""

    file: Path  # A clip or a folder of photos
    faces: tuple[ParticipantFace, ...]  # which faces are the participants'; no other face is read
    # The part to read, in seconds
    start_s: float = 0.0
    end_s: float | None = None
    every_s: float = 0.0  # seconds from one analysed frame to the next; 0 analyses all
    film: Path | None = None  # where to write the film of it; None for nowhere


@dataclass(frozen=True, eq=False)
class UnitReadings:
    """What came of a unit."""

    rows: list[Rows]  # for each participant, in the order of the unit's faces, a row a frame
    size_wh: tuple[int, int]  # width and height of the upright picture in pixels
    # What is wrong with the file, such as `48 of about 101 frames could be read`; else empty
    remark: str = ""


def read_unit(unit: Unit, recognizer: EmotionRecognizer) -> UnitReadings:
    """Read one unit.

    Raises
    ------
    InputError
        When nothing of it can be read.
    OutputError
        When its film can't be written.
    """
    if unit.file.is_dir():
        return _read_photos(unit, recognizer)
    try:
        with one_blas_thread(), one_opencv_thread():
            return _read_clip(unit, recognizer)
    except cv2.error as error:
        raise SourceError(f"{unit.file} can't be worked on: {error.err}") from error


def _read_clip(unit: Unit, recognizer: EmotionRecognizer) -> UnitReadings:
    with ExitStack() as stack:
        video = stack.enter_context(VideoFile(unit.file, unit.start_s, unit.end_s))
        chooser = Chooser(unit.faces, video.size_wh)

        def analysed() -> Iterator[FrameReadings]:
            return clip_readings(
                stack, video, recognizer, every_s=unit.every_s, choose=chooser.choose
            )

        def heads() -> Iterator[FrameReadings]:
            others = Chooser(unit.faces, video.size_wh).others
            return clip_heads(stack, video, recognizer, every_s=unit.every_s, others=others)

        labels = recognizer.labels
        found = (
            write_film(unit.film, stack, video, labels, analysed, heads)
            if unit.film
            else analysed()
        )
        rows: list[Rows] = [[] for _ in unit.faces]
        for now in found:
            for place, row in enumerate(chooser.rows(now)):
                rows[place].append(row)
        if not rows[0]:
            raise SourceError(f"{unit.file} has no picture that can be decoded in this part")
        remark = f"{video.shortfall} could be read" if video.shortfall else ""
        return UnitReadings(rows, video.size_wh, remark)


def sharpness(crop_gray: ImageU8) -> float:
    """How sharp a face is: variance of the Laplacian over the variance of the grey levels.

    The measure is LAPV of Pech-Pacheco and others ("Diatom autofocusing in brightfield
    microscopy", ICPR 2000), made independent of contrast. It has no unit.

    Parameters
    ----------
    crop_gray
        The face in the training format, shape (size, size), uint8.
    """
    contrast = float(crop_gray.var())
    if contrast < 1.0:
        return 0.0
    return float(cv2.Laplacian(crop_gray, cv2.CV_32F).var()) / contrast


class Chooser:
    """Takes the participants' faces out of each frame, before any face is read.

    Parameters
    ----------
    faces
        Which faces are the participants'.
    size_wh
        Width and height of the pictures in pixels.
    """

    def __init__(self, faces: Sequence[ParticipantFace], size_wh: tuple[int, int]) -> None:
        self._marks = tuple(faces)
        self._size_wh = size_wh
        self._before: list[int | None] = [None] * len(self._marks)
        self._known: dict[int, tuple[dict[int, int], dict[int, float], int]] = {}

    def choose(self, found: FoundFaces) -> FoundFaces:
        """The frame with the participants' faces alone; the others are hidden."""
        owners = self._owners(found)
        kept = [n for n, face in enumerate(found.faces) if face.id in owners]
        left_out = tuple(face for face in found.faces if face.id not in owners)
        sharp = {found.faces[n].id: sharpness(found.crops[n]) for n in kept}
        self._known[found.index] = owners, sharp, len(left_out)
        return replace(
            found,
            faces=tuple(found.faces[n] for n in kept),
            crops=tuple(found.crops[n] for n in kept),
            hidden=(*found.hidden, *left_out),
        )

    def others(self, found: FoundFaces) -> FoundFaces:
        """The frame with nothing but the faces to hide; it has no rows."""
        owners = self._owners(found)
        left_out = tuple(face for face in found.faces if face.id not in owners)
        return replace(found, faces=(), crops=(), hidden=(*found.hidden, *left_out))

    def _owners(self, found: FoundFaces) -> dict[int, int]:
        """Whose each face is: the participant's place by the number of the face."""
        owners: dict[int, int] = {}
        for place, mark in enumerate(self._marks):
            face = mark.choose(found.faces, self._size_wh, self._before[place])
            if face is not None and face.id not in owners:
                owners[face.id] = place
                self._before[place] = face.id
        return owners

    def rows(self, now: FrameReadings) -> Rows:
        """The row of each participant in one frame."""
        owners, sharp, others = self._known.pop(now.index, ({}, {}, 0))
        rows: Rows = [
            {"frame": now.index, "time_s": now.time_s, "status": "no_face", "others": others}
            for _ in self._marks
        ]
        for row, reading in zip(now.rows(), now.readings, strict=False):
            place = owners.get(reading.face.id)
            if place is not None:
                rows[place] = {**row, "others": others, "sharpness": sharp[reading.face.id]}
        return rows


def _read_photos(unit: Unit, recognizer: EmotionRecognizer) -> UnitReadings:
    rows: list[Rows] = [[] for _ in unit.faces]
    failed, size_wh = [], (0, 0)
    photos = photos_in(unit.file)
    with one_blas_thread(), one_opencv_thread():
        for index, path in enumerate(photos):
            try:
                now, chooser, size_wh = _read_photo(path, index, unit, recognizer)
            except PictureError as error:
                failed.append(f"{path.name}: {error.status}")
                continue
            for place, row in enumerate(chooser.rows(now)):
                rows[place].append(row)
    if not rows[0]:
        raise InputError(f"{unit.file}: none of {len(photos)} photos can be read")
    remark = f"{len(failed)} of {len(photos)} photos can't be read ({failed[0]})" if failed else ""
    return UnitReadings(rows, size_wh, remark)


def _read_photo(
    path: Path, index: int, unit: Unit, recognizer: EmotionRecognizer
) -> tuple[FrameReadings, Chooser, tuple[int, int]]:
    photo = decode_gray(read_bytes(str(path)), str(path), min_side=_MIN_PHOTO_SIDE)
    height, width = photo.image_gray.shape
    faces = recognizer.detector.detect(photo.image_gray)
    chooser = Chooser(unit.faces, (width, height))
    crops = tuple(crop_faces(photo.image_gray, faces, recognizer.model.size))
    found = FoundFaces(index, float(index), tuple(faces), crops)
    chosen = chooser.choose(found)
    read: list[Reading] = []
    if chosen.faces:
        prediction = recognizer.predict_crops(np.stack(chosen.crops)).of_frame()
        read = recognizer.readings(chosen.faces, prediction)
    scale = photo.size_wh[0] / width
    readings = tuple(
        replace(one, face=replace(one.face, xyxy=_scaled(one.face, scale))) for one in read
    )
    return FrameReadings(readings, index, float(index), str(path)), chooser, photo.size_wh


def _scaled(face: Face, scale: float) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(value * scale) for value in face.xyxy)
    return x1, y1, x2, y2
