from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.tracking.shift import Template
from emocam.types import Box, Face
from tests.conftest import SAMPLES

BOX = (120, 60, 390, 330)


@pytest.fixture(scope="module")
def frame() -> np.ndarray:
    return cv2.imread(str(SAMPLES / "photos" / "obama.jpg"))


def shifted(frame: np.ndarray, right: int, down: int) -> np.ndarray:
    height, width = frame.shape[:2]
    matrix = np.array([[1, 0, right], [0, 1, down]], float)
    return cv2.warpAffine(frame, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def moved(right: int, down: int) -> Box:
    return BOX[0] + right, BOX[1] + down, BOX[2] + right, BOX[3] + down


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, -2), (-20, 11), (30, 30)])
def test_a_face_is_found_where_it_went(frame, right, down):
    found = Template.of(frame, Face(BOX, 0.9, yaw=4.0)).found_in(shifted(frame, right, down))
    assert found is not None
    assert found.moved_face.xyxy == pytest.approx(moved(right, down), abs=2)
    assert (found.moved_face.detection, found.moved_face.yaw) == (0.9, 4.0)


def test_steps_do_not_add_up_to_drift(frame):
    template = Template.of(frame, Face(BOX))
    for step in range(1, 16):
        found = template.found_in(shifted(frame, 3 * step, 0))
        assert found is not None
        template = found
    assert template.box == pytest.approx(moved(45, 0), abs=3)


def test_what_went_far_was_covered_or_is_another_face_is_not_found(frame):
    template = Template.of(frame, Face(BOX))
    assert template.found_in(shifted(frame, 120, 0)) is None
    covered = frame.copy()
    covered[180:330, 120:390] = (90, 120, 160)
    assert template.found_in(covered) is None
    assert template.found_in(np.full_like(frame, 80)) is None
    assert template.found_in(np.ascontiguousarray(frame[:, ::-1])) is None


def test_a_box_stays_in_the_frame(frame):
    at_edge = Template.of(frame, Face((0, 0, 270, 270)))
    found = at_edge.found_in(shifted(frame, -10, -10))
    assert found is not None
    assert min(found.box) >= 0
