"""One picture as an example."""

from __future__ import annotations

from collections.abc import Iterator

from emocam.detection.crop import crop_faces
from emocam.recognition.framing import Framing
from emocam.recognition.personal import teachable
from emocam.recognition.profile import Example
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Face, ImageU8

_CROP_SIDE = 2.5  # of the training format: a square picture that small is a face already


def learn_picture(
    recognizer: EmotionRecognizer, picture_bgr: ImageU8, label: str, name: str
) -> tuple[Example, Framing] | None:
    """The largest face of a picture as an example; None when there is none.

    A small square picture in which no face is found is taken for a face that is cut out already.

    Raises
    ------
    InputError
        When the model can't be taught.
    """
    model = teachable(recognizer.model)
    faces = recognizer.detector.detect(picture_bgr) or list(_face_already(picture_bgr, model.size))
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.size_wh[0])
    crop = crop_faces(picture_bgr, [largest], model.size)[0]
    point = model.batched_points(crop[None])[0]
    return Example(label, point, name), Framing.of(model, crop)


def _face_already(picture: ImageU8, size: int) -> Iterator[Face]:
    height, width = picture.shape[:2]
    if height == width <= _CROP_SIDE * size:
        yield Face((0, 0, width, height))
