from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.crop import crop_faces
from emocam.teaching.face_quality import complaint
from emocam.types import Face
from tests.conftest import SAMPLES
from tests.person import carried


def test_what_is_wrong_with_a_face_is_said():
    picture = cv2.imread(str(SAMPLES / "photos" / "obama.jpg"))
    face = carried().detector.detect(picture)[0]
    crop = crop_faces(picture, [face], 48)[0]
    assert complaint(face, crop) == ""
    assert complaint(Face((0, 0, 30, 30)), crop).startswith("too small")
    blurred = cv2.GaussianBlur(crop, (0, 0), 2).astype(np.uint8)
    assert complaint(face, blurred).startswith("blurred")
    turned = crop.copy()
    turned[:, 24:] = crop[:, 23:24]  # as of a profile, with nothing beyond the nose
    assert complaint(face, turned).startswith("turned away")
