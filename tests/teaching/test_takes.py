from __future__ import annotations

import cv2
import numpy as np

from emocam.detection.crop import crop_faces
from emocam.teaching.face_quality import complaint
from emocam.teaching.takes import alike, examples_of_take
from emocam.types import Face
from tests.conftest import SAMPLES
from tests.person import carried


def test_a_take_becomes_three_examples_without_what_is_unlike_it():
    random = np.random.default_rng(0)
    points = list(random.normal(0, 1, (30, 50)).astype(np.float32))
    points[12] = points[12] + 9
    points[13] = points[13] + 9
    assert np.flatnonzero(~alike(np.stack(points))).tolist() == [12, 13]
    examples = examples_of_take("happy", points, "clip.mp4 1–4 s")
    assert [one.name for one in examples] == [f"clip.mp4 1–4 s, part {n}" for n in (1, 2, 3)]
    assert max(np.abs(one.point).max() for one in examples) < 2


def test_few_moments_become_one_example_and_none_none():
    points = [np.full(4, n, np.float32) for n in range(3)]
    examples = examples_of_take("sad", points, "x")
    assert len(examples) == 1
    assert examples[0].point.tolist() == [1, 1, 1, 1]
    assert examples_of_take("sad", [], "x") == []


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
