"""The worker process: reads photos by path and returns rows of the table."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from emocam.detection.crop import crop_faces
from emocam.errors import EmocamError, ModelError, PictureError, reason_of
from emocam.io.decode import decode_gray, decode_photo
from emocam.io.photos import read_bytes
from emocam.io.tables import reading_row
from emocam.label.tasks import PhotoResult, PhotoTask, Work, failed
from emocam.recognition.model_file import model_hash
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Face, ImageU8, Reading

_MIN_SIDE = 1200  # reduced pictures keep this many pixels: faces of 4 % of it fill a 48×48 crop
_LOCAL = threading.local()
_Step = TypeVar("_Step")


def label_tasks(work: Work, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """Read some photos; every one gets a row at least."""
    return _reader(work).read(tasks)


def _reader(work: Work) -> PhotoReader:
    if getattr(_LOCAL, "work", None) != work:
        _LOCAL.reader, _LOCAL.work = PhotoReader(work), work
    reader: PhotoReader = _LOCAL.reader
    return reader


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """A photo whose faces are found, and not read yet."""

    task: PhotoTask
    data: bytes  # of the file
    times: tuple[float, float]  # how much wider and higher the photo is than what was searched
    faces: list[Face]  # one or more
    crops: list[ImageU8]  # of each face, in the training format
    remark: str  # on the photo, for its rows


class PhotoReader:
    """Reads photos with one thread; the processes are what runs side by side."""

    def __init__(self, work: Work) -> None:
        self.work = work
        if model_hash(work.model) != work.model_hash:
            raise ModelError(f"{work.model} is another model here than where the run was started")
        profile = Profile.from_json(work.profile) if work.profile else None
        self.recognizer = EmotionRecognizer.load(
            work.model, certainty=work.certainty, profile=profile
        )
        cv2.setNumThreads(1)
        threadpool_limits(1)

    def read(self, tasks: Sequence[PhotoTask]) -> list[PhotoResult]:
        """The results of some photos, in the same order; an error becomes a row.

        Their faces are read together, which takes half the time of one by one. How sums are
        rounded then depends on which ones these are, and may show in a probability's last digits.
        """
        results = [self.find(task) for task in tasks]
        found = [one for one in results if isinstance(one, FoundFaces)]
        read = iter(self._read_together(found) if found else ())
        return [next(read) if isinstance(one, FoundFaces) else one for one in results]

    def find(self, task: PhotoTask) -> FoundFaces | PhotoResult:
        """The faces of a photo, or its result when it has none or can't be read."""
        return _sheltered(task, partial(self._find, task))

    def _find(self, task: PhotoTask) -> FoundFaces | PhotoResult:
        data = read_bytes(task.address)
        # Faces are read in grey, and a JPEG is decoded to grey in a third of the time.
        photo = decode_gray(data, task.address, min_side=_MIN_SIDE)
        faces = self.recognizer.detector.detect(photo.image_gray)
        if not faces:
            return failed(task, "no_face", photo.remark)
        crops = crop_faces(photo.image_gray, faces, self.recognizer.model.size)
        height, width = photo.image_gray.shape
        times = photo.size_wh[0] / width, photo.size_wh[1] / height
        return FoundFaces(task, data, times, faces, crops, photo.remark)

    def _read_together(self, found: Sequence[FoundFaces]) -> list[PhotoResult]:
        """The results of photos with faces; of each alone where all at once can't be had."""
        readings = _sheltered(found[0].task, partial(self._readings, found))
        if isinstance(readings, PhotoResult):
            if len(found) == 1:
                return [readings]
            return [result for one in found for result in self._read_together([one])]
        return [
            _sheltered(one.task, partial(self._result, one, of_photo))
            for one, of_photo in zip(found, readings, strict=True)
        ]

    def _readings(self, found: Sequence[FoundFaces]) -> list[list[Reading]]:
        """The readings of each photo's faces."""
        crops = [crop for one in found for crop in one.crops]
        answers, readings, done = self.recognizer.predict_crops(np.stack(crops)), [], 0
        for one in found:
            first, done = done, done + len(one.faces)
            of_photo = answers.part(first, done).of_frame()
            readings.append(self.recognizer.readings(one.faces, of_photo))
        return readings

    def _result(self, found: FoundFaces, readings: Sequence[Reading]) -> PhotoResult:
        data, address = found.data, found.task.address
        whole = [_enlarged(reading, *found.times) for reading in readings]
        pictures: list[bytes] = []
        if self.work.pictures:
            from emocam.label.gallery import cut_face

            colored = decode_photo(data, address, min_side=_MIN_SIDE)
            pictures = [cut_face(colored.image_bgr, face.xyxy) for face in found.faces]
        if self.work.annotated:
            from emocam.label.annotated import write_annotated

            write_annotated(data, address, whole, Path(self.work.annotated), self.work.base)
        remark = {"reason": found.remark} if found.remark else {}
        rows = [reading_row(address, one) | remark for one in whole]
        return PhotoResult(found.task.id, rows, pictures)


def _sheltered(task: PhotoTask, step: Callable[[], _Step]) -> _Step | PhotoResult:
    """What a step with a photo gives, or a row that says why it gives nothing."""
    try:
        return step()
    except PictureError as error:
        return failed(task, error.status, str(error))
    except EmocamError:  # a full disk: not this photo's fault
        raise
    except MemoryError:
        return failed(task, "too_large", "not enough memory to read it")
    except Exception as error:  # noqa: BLE001 - one odd photo must not end a run of a million
        reason = f"unexpected {type(error).__name__}: {reason_of(error)}"
        return failed(task, "unreadable", reason)


def _enlarged(reading: Reading, across: float, down: float) -> Reading:
    x1, y1, x2, y2 = reading.face.xyxy
    box = (round(x1 * across), round(y1 * down), round(x2 * across), round(y2 * down))
    return replace(reading, face=replace(reading.face, xyxy=box))
