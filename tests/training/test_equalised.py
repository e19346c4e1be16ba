from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.training.dataset import open_dataset
from emocam.training.equalised import equalisation, find_equalisation
from emocam.training.faces import decode_gray
from tests.conftest import SAMPLES


def as_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


@pytest.fixture(scope="module")
def pictures():
    """Parts of a photo, each 48×48, without flat ones: black stays black in an equalised copy."""
    gray = cv2.imread(str(SAMPLES / "photos" / "astronaut.jpg"), cv2.IMREAD_GRAYSCALE)
    parts = [
        cv2.resize(gray[top : top + 96, left : left + 96], (48, 48), interpolation=cv2.INTER_AREA)
        for top in range(0, gray.shape[0] - 96, 60)
        for left in range(0, gray.shape[1] - 96, 60)
    ]
    return [part for part in parts if np.bincount(part.ravel()).max() < 0.05 * part.size]


@pytest.mark.parametrize("quality", [50, 75, 90])
def test_equalised_copies_are_told(pictures, quality):
    found = equalisation([as_jpeg(cv2.equalizeHist(one), quality) for one in pictures])
    assert found.found
    assert found.share > 0.8
    assert "looks histogram-equalised" in found.sentence()
    assert "an unchanged copy" in found.sentence()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one,
        lambda one: as_jpeg(one, 75),
        lambda one: cv2.normalize(one, None, 0, 255, cv2.NORM_MINMAX),
        lambda one: np.full_like(one, 128),
        lambda one: np.where(one > 128, 255, 0).astype(np.uint8),
    ],
    ids=["as they are", "as JPEG", "stretched", "flat", "black and white"],
)
def test_true_pictures_are_left_in_peace(pictures, change):
    found = equalisation([change(one) for one in pictures])
    assert not found.found
    assert found.share < 0.1
    assert found.sentence().startswith("not histogram-equalised")


def test_half_a_set_that_is_equalised_is_not_most_of_it(pictures):
    half = len(pictures) // 2
    mixed = [cv2.equalizeHist(one) for one in pictures[:half]] + pictures[half:]
    assert 0.3 < equalisation(mixed).share <= 0.5
    assert not equalisation(mixed).found


def test_nothing_to_look_at():
    assert equalisation([]).share == 0.0


@pytest.mark.skipif(not os.environ.get("EMOCAM_SHARED"), reason="needs the shared files")
def test_on_fer2013():
    dataset = open_dataset(Path(os.environ["EMOCAM_SHARED"]) / "data" / "fer2013.zip")
    assert find_equalisation(dataset).share < 0.02
    some = [p for p in dataset.pictures if "/fer" in p.name][::50]
    true = [decode_gray(dataset.read(picture.name)) for picture in some]
    assert equalisation(true).share < 0.01
    assert equalisation([as_jpeg(cv2.equalizeHist(one), 75) for one in true]).share > 0.9
