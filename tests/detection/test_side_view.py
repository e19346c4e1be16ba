"""Heads seen from the side, found by what the profile cascade accepts."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from emocam.detection.detector import (
    LEAST_PLACE_LOGIT,
    LEAST_PLACE_LOGIT_BESIDE_FACES,
    MOST_PLACES,
    FaceDetector,
    places_beside,
    search_picture,
)
from emocam.detection.pyramid import image_pyramid
from emocam.detection.rbf_classifier import RbfClassifier
from emocam.detection.search_model import load_search
from emocam.detection.side_view import SideView, describe
from emocam.io.photos import read_photo
from emocam.tracking.tracker import overlap
from emocam.types import FloatArray, ImageU8

SAMPLES = Path(__file__).parents[2] / "samples" / "photos"
FEATURES = 3529
LOGIT = 2.0 - 0.5 * 1.0 + 0.25 * 3.0 + 0.1


class Accepts:
    """A cascade that accepts these boxes, x, y, side, in the crop as it is and mirrored."""

    def __init__(
        self, plain: list[tuple[int, int, int]], mirrored: list[tuple[int, int, int]]
    ) -> None:
        self.answers = [plain, mirrored]
        self.crops: list[ImageU8] = []

    def detectMultiScale(self, crop: ImageU8, *_: object, **__: object) -> list[list[int]]:
        self.crops.append(crop)
        return [[x, y, side, side] for x, y, side in self.answers[(len(self.crops) - 1) % 2]]


def pyramid() -> list[ImageU8]:
    return image_pyramid(np.random.default_rng(0).integers(0, 255, (240, 320), np.uint8))


def classifier(logit: float) -> RbfClassifier:
    """Says the same of everything."""
    return RbfClassifier(
        np.zeros((FEATURES, 2), np.float32),
        np.zeros(2, np.float32),
        np.zeros((2, 2), np.float32),
        1.0,
        np.zeros(4, np.float32),
        logit,
    )


class Told:
    """Says the same of every box, as a verifier and as a judge of surroundings."""

    def __init__(self, logit: float) -> None:
        self.logit = logit

    def logits(self, _: object, boxes: FloatArray) -> FloatArray:
        return np.full(len(boxes), self.logit, np.float32)

    def score(self, _: object, boxes: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.column_stack([boxes, self.logits(None, boxes)]), boxes


def side_view(cascade: Accepts, right: float = 0.0, yaw: float = 40.0) -> SideView:
    return SideView(
        np.zeros((FEATURES, 4), np.float32),
        np.array([right, 0, 0, 0], np.float32),
        np.zeros(FEATURES, np.float32),
        yaw,
        classifier(2.0),
        Told(3.0),  # type: ignore[arg-type]
        Told(-1.0),  # type: ignore[arg-type]
        np.array([0.5, 0.25], np.float32),
        0.1,
        lambda _: cascade,  # type: ignore[arg-type, return-value]
    )


# A crop of 100 pixels shows 2.3 times the candidate's side, 230 pixels of the picture.
CANDIDATE = np.array([[160, 120, 100, 20, 1.0]], np.float32)


def test_windows_are_put_where_they_are_in_the_picture() -> None:
    cascade = Accepts([(20, 30, 40)], [])
    windows = side_view(cascade).windows(pyramid(), CANDIDATE)
    assert windows == pytest.approx(
        np.array([[160 + (40 - 50) * 2.3, 120 + (50 - 50) * 2.3, 92, 0, 1, 1]])
    )


def test_a_window_of_the_mirrored_crop_looks_the_other_way() -> None:
    cascade = Accepts([], [(20, 30, 40)])
    windows = side_view(cascade).windows(pyramid(), CANDIDATE)
    assert windows == pytest.approx(np.array([[160 + 10 * 2.3, 120, 92, 0, 1, -1]]))
    assert (cascade.crops[1] == cascade.crops[0][:, ::-1]).all()


def test_windows_of_one_head_are_one_and_counted() -> None:
    cascade = Accepts([(20, 30, 40), (22, 30, 40), (60, 60, 34)], [])
    windows = side_view(cascade).windows(pyramid(), CANDIDATE)
    assert sorted(windows[:, 4]) == [1, 2]
    both = windows[windows[:, 4] == 2]
    assert both[:, 0] == pytest.approx(160 + (41 - 50) * 2.3)


def test_a_shift_and_the_yaw_are_mirrored_with_the_head() -> None:
    cascade = Accepts([(30, 30, 40)], [(30, 30, 40)])
    left, right = side_view(cascade, right=0.1).find(pyramid(), CANDIDATE)
    assert left == pytest.approx([160 + 9.2, 120, 92, 0, LOGIT, -40])
    assert right == pytest.approx([160 - 9.2, 120, 92, 0, LOGIT, 40])


@pytest.mark.parametrize(("told", "yaw"), [(-10.0, 0.0), (130.0, 90.0)])
def test_a_yaw_is_between_none_and_a_right_angle(told: float, yaw: float) -> None:
    cascade = Accepts([], [(30, 30, 40)])
    assert side_view(cascade, yaw=told).find(pyramid(), CANDIDATE)[0, 5] == pytest.approx(yaw)


def test_no_candidates_and_no_windows_give_nothing() -> None:
    none = np.empty((0, 5), np.float32)
    assert side_view(Accepts([], [])).find(pyramid(), none).shape == (0, 6)
    assert side_view(Accepts([], [])).find(pyramid(), CANDIDATE).shape == (0, 6)


def test_a_head_and_its_mirror_image_are_described_alike() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 160), np.uint8)
    gray = np.asarray(cv2.equalizeHist(cv2.GaussianBlur(noise, (0, 0), 4)), np.uint8)
    mirrored = image_pyramid(np.ascontiguousarray(gray[:, ::-1]))
    left = describe(image_pyramid(gray), np.array([[60, 50, 40, 0, 3, 1]], np.float32))
    right, wrong = describe(
        mirrored, np.array([[100, 50, 40, 0, 3, -1], [100, 50, 40, 0, 3, 1]], np.float32)
    )
    assert left.shape == (1, FEATURES)
    assert np.abs(right - left).mean() < 0.3 * np.abs(wrong - left).mean()
    assert left[0, -1] == right[-1] == pytest.approx(1.5 * np.log(4))


@pytest.mark.parametrize("name", ["biden", "obama"])
def test_a_head_is_told_from_its_surroundings(name: str) -> None:
    photo = read_photo(SAMPLES / f"{name}.jpg")
    ready = search_picture(photo)
    (face,) = FaceDetector().detect(photo)
    x1, y1, x2, y2 = (one / ready.times for one in face.xyxy)
    side = (x2 - x1) / 1.07
    around = [
        ((x1 + x2) / 2 + right * side, (y1 + y2) / 2 + down * side, side, 0.0)
        for right, down in ((0.0, 0.0), (0.15, 0.1), (-1.6, 0.3), (1.6, 0.3), (0.0, 1.8))
    ]
    found = load_search().side_view.find(image_pyramid(ready.gray), np.array(around, np.float32))
    heads = found[found[:, 4] > 0]
    assert len(heads)
    for x, y, grown, *_ in heads:
        half = grown / 2
        assert overlap((x - half, y - half, x + half, y + half), (x1, y1, x2, y2)) > 0.4


def test_heads_are_looked_for_beside_the_faces_that_were_found() -> None:
    scored = np.array([(100.0 * n, 50, 40, 0, 5.0 - n) for n in range(20)], np.float32)
    likely = scored[scored[:, 4] > LEAST_PLACE_LOGIT]
    none = np.empty((0, 5), np.float32)
    assert places_beside(scored, none) == pytest.approx(likely)
    sure = np.array([[0, 50, 40, 0, 0.9]], np.float32)
    likelier = scored[scored[:, 4] > LEAST_PLACE_LOGIT_BESIDE_FACES]
    assert places_beside(scored, sure) == pytest.approx(likelier[1:])
    unsure = np.array([[0, 50, 40, 0, 0.2]], np.float32)
    assert places_beside(scored, unsure) == pytest.approx(likely)


def test_the_likeliest_places_are_looked_at() -> None:
    scored = np.array([(100.0 * n, 50, 40, 0, 0.1 * n) for n in range(20)], np.float32)
    found = places_beside(scored, np.empty((0, 5), np.float32))
    assert found == pytest.approx(scored[::-1][:MOST_PLACES])
