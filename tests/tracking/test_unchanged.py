from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.tracking.unchanged import read_once
from emocam.types import Face
from tests.conftest import SAMPLES


def face(number: int = 0) -> Face:
    return Face((0, 0, 48, 48), id=number)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    gray = cv2.imread(str(SAMPLES / "photos" / "obama.jpg"), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(gray[60:330, 120:390], (48, 48), interpolation=cv2.INTER_AREA)


def test_noise_needs_no_new_reading_and_a_mouth_does(crop):
    noisy = np.clip(crop + np.random.default_rng(0).normal(0, 1, crop.shape), 0, 255)
    mouth = crop.copy()
    mouth[34:42, 16:32] = 30
    kept, rows = read_once((face(), one) for one in (crop, noisy.astype(np.uint8), mouth, crop))
    assert rows.tolist() == [0, 0, 1, 2]
    assert [one.tolist() for one in kept] == [crop.tolist(), mouth.tolist(), crop.tolist()]


def test_faces_are_held_against_themselves(crop):
    _, rows = read_once([(face(0), crop), (face(1), crop), (face(0), crop), (face(1), crop)])
    assert rows.tolist() == [0, 1, 0, 1]


def test_small_changes_do_not_add_up():
    bright = np.repeat(np.array([[60] * 24 + [180] * 24], np.uint8), 48, axis=0)
    faded = [bright + np.uint8(step) for step in range(12)]
    kept, rows = read_once((face(), one) for one in faded)
    assert 2 <= len(kept) < 12
    for one, row in zip(faded, rows, strict=True):
        assert np.abs(one.astype(int) - kept[row]).max() < 0.04 * bright.std()


def test_in_the_dark_less_counts(crop):
    brows = np.zeros_like(crop)
    brows[16:20, 8:20] = 1
    for light, read in ((1.0, 1), (0.3, 2)):
        before = (crop * light).astype(np.uint8)
        assert len(read_once([(face(), before), (face(), before + brows)])[0]) == read


def test_no_face_gives_no_crop():
    kept, rows = read_once([])
    assert kept == []
    assert rows.shape == (0,)
