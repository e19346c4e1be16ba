"""One photo through faces and emotions to an explanation of each reading."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from emocam.emotions.recognizer import EmotionRecognizer
from emocam.errors import PictureError
from emocam.faces.crop import crop_face
from emocam.sources.photos import read_photo
from emocam.training.explain import Explanation, explain_face
from emocam.types import ImageU8

_MOST_FACES = 6
_CROP_SIDE = 2.5  # of the training format: a square picture that small is a face already


def explain_photo(photo: Path, recognizer: EmotionRecognizer) -> list[Explanation]:
    """Explain the readings of a photo's faces, left to right, at most six.

    A small square picture in which no face is found is taken for a face, cut out as the pictures
    of a training set are.

    Raises
    ------
    PictureError
        When it can't be read, or there is no face in it.
    """
    try:
        frame_bgr = read_photo(photo)
    except PictureError as error:
        raise PictureError(error.status, f"{photo}: {error}") from error
    gray = np.asarray(cv2.cvtColor(frame_bgr, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    size = recognizer.model.size
    crops = [
        crop_face(gray, face.xyxy, size) for face in recognizer.detector.detect(frame_bgr)
    ] or _face_already(gray, size)
    if not crops:
        raise PictureError("no_face", f"{photo}: no face found; it should be upright and frontal")
    return [explain_face(recognizer.model, crop) for crop in crops[:_MOST_FACES]]


def _face_already(gray: ImageU8, size: int) -> list[ImageU8]:
    height, width = gray.shape
    if height != width or height > _CROP_SIDE * size:
        return []
    return [crop_face(gray, (0, 0, width, height), size, margin=0.0)]
