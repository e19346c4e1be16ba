"""Explanations of the faces of a photo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from emocam.analysis.explain import Explanation, explain_face
from emocam.detection.crop import crop_faces
from emocam.errors import PictureError
from emocam.io.photos import read_photo
from emocam.recognition.labels import UNSURE
from emocam.recognition.recognizer import EmotionRecognizer
from emocam.types import Face, ImageU8

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
    size = recognizer.model.size
    faces = recognizer.detector.detect(frame_bgr)[:_MOST_FACES] or _face_already(frame_bgr, size)
    if not faces:
        raise PictureError("no_face", f"{photo}: no face found; it should be upright and frontal")
    crops = crop_faces(frame_bgr, faces, size)
    prediction = recognizer.predict_crops(np.stack(crops))
    readings = recognizer.readings(faces, prediction.of_frame())
    return [
        replace(
            explain_face(
                recognizer.model, crop, recognizer.personal if number == prediction.owner else None
            ),
            face=number,
            is_unsure=readings[number].emotion == UNSURE,
        )
        for number, crop in enumerate(crops)
    ]


def _face_already(frame_bgr: ImageU8, size: int) -> list[Face]:
    height, width = frame_bgr.shape[:2]
    return [Face((0, 0, width, height))] if height == width <= _CROP_SIDE * size else []
