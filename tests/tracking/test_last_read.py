from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from emocam.recognition.prediction import PersonalAnswers, Prediction
from emocam.tracking.last_read import READ_EVERY_S, LastRead
from emocam.types import Face
from tests.conftest import SAMPLES


def face(number: int = 0) -> Face:
    return Face((0, 0, 48, 48), id=number)


def answer(label: str, count: int = 1) -> Prediction:
    rows = np.zeros((count, len(EMOTIONS)), np.float32)
    rows[:, EMOTIONS.index(label)] = 1
    mine = PersonalAnswers(rows, np.full(count, 9), np.ones(count, np.float32), 0.5)
    return Prediction(rows, np.zeros(count, np.int64), np.ones((count, 4), np.float32), mine)


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    gray = cv2.imread(str(SAMPLES / "photos" / "obama.jpg"), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(gray[60:330, 120:390], (48, 48), interpolation=cv2.INTER_AREA)


@pytest.fixture
def brows(crop) -> np.ndarray:
    """The same with a little more shadow."""
    changed = crop.copy()
    changed[12:16] = np.clip(changed[12:16].astype(int) - 8, 0, 255)
    return changed


@pytest.fixture
def mouth(crop) -> np.ndarray:
    opened = crop.copy()
    opened[34:42, 16:32] = 30
    return opened


def kept(crop: np.ndarray, *, soon: bool = True) -> LastRead:
    last = LastRead(soon=soon)
    last.remember([face()], [crop], answer("happy"), 1.0)
    return last


def test_an_unchanged_face_is_never_read_again(crop):
    assert kept(crop).keeps(face(), crop, 100.0)
    assert not kept(crop).keeps(face(1), crop, 1.04)


def test_a_little_change_waits_and_a_mouth_that_opens_does_not(crop, brows, mouth):
    last = kept(crop)
    assert last.keeps(face(), brows, 1.0 + READ_EVERY_S / 2)
    assert not last.keeps(face(), brows, 1.0 + READ_EVERY_S)
    assert not last.keeps(face(), mouth, 1.04)


def test_unsmoothed_readings_follow_every_change(crop, brows):
    last = kept(crop, soon=False)
    assert last.keeps(face(), crop, 1.04)
    assert not last.keeps(face(), brows, 1.04)


def test_time_that_goes_back_is_another_clip(crop):
    assert not kept(crop).keeps(face(), crop, 0.5)


def test_answers_of_several_frames_are_put_together_in_the_faces_order(crop, mouth):
    last = kept(crop)
    last.remember([face(1)], [mouth], answer("sad"), 1.1)
    both = last.answers([face(1), face(0)])
    assert [EMOTIONS[row.argmax()] for row in both.probabilities] == ["sad", "happy"]
    assert both.points.shape == (2, 4)
    assert both.personal.clusters.tolist() == [9, 9]
    assert both.personal.within == 0.5


def test_faces_that_are_gone_are_forgotten(crop):
    last = kept(crop)
    last.forget_all_but([face(1)])
    assert not last.keeps(face(), crop, 1.04)
