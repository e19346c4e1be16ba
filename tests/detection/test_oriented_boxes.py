"""Oriented boxes are moved and cut out upright."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.detection.oriented_boxes import apply_pose_offsets, upright_crops
from emocam.types import ImageU8


def noise(*shape: int) -> ImageU8:
    rough = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(rough, (0, 0), 2), np.uint8)


@pytest.mark.parametrize("tilt", [0.0, 90.0, -90.0])
def test_the_content_of_a_box_is_turned_upright(tilt: float) -> None:
    gray = noise(60, 60)
    (crop,) = upright_crops([gray], np.array([[30, 30, 48, tilt]], np.float32))
    wanted = np.rot90(gray[6:54, 6:54], -round(tilt / 90))  # a head tilted anticlockwise
    assert np.abs(crop.astype(int) - wanted).max() <= 1


def test_a_box_beyond_the_edge_repeats_it() -> None:
    picture = np.full((50, 50), 77, np.uint8)
    (crop,) = upright_crops([picture], np.array([[0, 0, 48, 10]], np.float32))
    assert (crop == 77).all()


def test_a_box_is_mended_along_its_own_tilt() -> None:
    boxes = np.array([[100, 100, 40, 0], [100, 100, 40, 90]], np.float32)
    offsets = np.array([[0.1, 0, 0, 0.5], [0.1, 0, 0, 0]], np.float32)
    after = apply_pose_offsets(boxes, offsets)
    assert after[0] == pytest.approx([104, 100, 40, 15], abs=1e-4)
    assert after[1] == pytest.approx([100, 96, 40, 90], abs=1e-4)  # its right is up


def test_no_offset_moves_a_box_far_away() -> None:
    wild = np.full((1, 4), 9.0, np.float32)
    x, y, side, _ = apply_pose_offsets(np.array([[100, 100, 40, 0]], np.float32), wild)[0]
    assert (x, y) == (110, 110)
    assert 40 < side < 60
