"""The worker process: reads photos by path and returns rows of the table."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import cv2
from threadpoolctl import threadpool_limits

from emocam.errors import EmocamError, ModelError, PictureError, reason_of
from emocam.io.decode import Photo, decode_photo
from emocam.io.photos import read_bytes
from emocam.io.tables import reading_row
from emocam.label.tasks import PhotoResult, PhotoTask, Work, failed
from emocam.recognition.model_file import model_hash
from emocam.recognition.profile import Profile
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Reading

_MIN_SIDE = 1200  # reduced pictures keep this many pixels: faces of 4 % of it fill a 48×48 crop
_LOCAL = threading.local()


def label_tasks(work: Work, tasks: list[PhotoTask]) -> list[PhotoResult]:
    """Read some photos; every one gets a row at least."""
    reader = _reader(work)
    return [reader.read(task) for task in tasks]


def _reader(work: Work) -> PhotoReader:
    if getattr(_LOCAL, "work", None) != work:
        _LOCAL.reader, _LOCAL.work = PhotoReader(work), work
    reader: PhotoReader = _LOCAL.reader
    return reader


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

    def read(self, task: PhotoTask) -> PhotoResult:
        """The result of one photo; an error becomes a row."""
        try:
            return self._read(task)
        except PictureError as error:
            return failed(task, error.status, str(error))
        except EmocamError:  # a full disk: not this photo's fault
            raise
        except MemoryError:
            return failed(task, "too_large", "not enough memory to read it")
        except Exception as error:  # noqa: BLE001 - one odd photo must not end a run of a million
            reason = f"unexpected {type(error).__name__}: {reason_of(error)}"
            return failed(task, "unreadable", reason)

    def _read(self, task: PhotoTask) -> PhotoResult:
        data = read_bytes(task.address)
        # Faces are read in grey, and a JPEG is decoded to grey in a third of the time.
        gray = decode_photo(data, task.address, color=False, min_side=_MIN_SIDE)
        readings = self.recognizer.read(gray.image_bgr)
        if not readings:
            return failed(task, "no_face", "")
        whole = [_at_full_size(reading, gray) for reading in readings]
        pictures: list[bytes] = []
        if self.work.pictures:
            from emocam.label.gallery import cut_face

            colored = decode_photo(data, task.address, min_side=_MIN_SIDE)
            pictures = [cut_face(colored.image_bgr, one.face.xyxy) for one in readings]
        if self.work.annotated:
            from emocam.label.annotated import write_annotated

            folder = Path(self.work.annotated)
            write_annotated(data, task.address, whole, folder, self.work.base)
        return PhotoResult(task.id, [reading_row(task.address, one) for one in whole], pictures)


def _at_full_size(reading: Reading, photo: Photo) -> Reading:
    width, height = photo.size_wh
    across = width / photo.image_bgr.shape[1]
    down = height / photo.image_bgr.shape[0]
    x1, y1, x2, y2 = reading.face.xyxy
    box = (round(x1 * across), round(y1 * down), round(x2 * across), round(y2 * down))
    return replace(reading, face=replace(reading.face, xyxy=box))
