from __future__ import annotations

import numpy as np
import pytest

from emocam import Face, Frame, Reading
from emocam.types import check_bgr

LABELS = ("glad", "grim")


def test_frame_takes_a_bgr_picture():
    frame = Frame(np.zeros((4, 6, 3), np.uint8), index=2, time_s=0.5, source="x.mp4")
    assert (frame.index, frame.time_s, frame.source) == (2, 0.5, "x.mp4")


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 6), np.uint8),
        np.zeros((4, 6, 4), np.uint8),
        np.zeros((4, 6, 3), np.float32),
    ],
    ids=["grey", "alpha", "float"],
)
def test_other_pictures_are_refused_with_what_came(image):
    with pytest.raises(ValueError, match=r"uint8 of shape \(height, width, 3\), got "):
        check_bgr(image)
    with pytest.raises(ValueError, match="got"):
        Frame(image)


def test_frame_number_is_not_negative():
    with pytest.raises(ValueError, match="-1"):
        Frame(np.zeros((4, 6, 3), np.uint8), index=-1)


def test_face_knows_its_size():
    assert Face((10, 20, 40, 70)).size_wh == (30, 50)


@pytest.mark.parametrize("xyxy", [(5, 5, 5, 9), (5, 5, 9, 5), (9, 5, 5, 9)])
def test_a_box_without_area_is_refused(xyxy):
    with pytest.raises(ValueError, match="left, top, right, bottom"):
        Face(xyxy)


@pytest.mark.parametrize("detection", [-0.01, 1.01, float("nan")])
def test_detection_is_a_probability(detection):
    with pytest.raises(ValueError, match="0 to 1"):
        Face((0, 0, 5, 5), detection=detection)


def test_reading_wants_a_probability_a_label_that_sum_to_one():
    face = Face((0, 0, 5, 5))
    Reading(face, "glad", 0.75, 3, (0.75, 0.25), LABELS)
    with pytest.raises(ValueError, match="2 labels, 1 probabilities"):
        Reading(face, "glad", 1.0, 3, (1.0,), LABELS)
    with pytest.raises(ValueError, match=r"got 1\.25"):
        Reading(face, "glad", 1.0, 3, (1.0, 0.25), LABELS)


def test_results_cannot_be_changed():
    with pytest.raises(AttributeError):
        Face((0, 0, 5, 5)).id = 3  # type: ignore[misc]
