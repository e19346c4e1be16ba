"""A face at the picture's edge is framed as one in the middle."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from emocam.detection.crop import crop_faces
from emocam.types import Box, Face


@pytest.mark.parametrize(
    ("clipped", "whole"),
    [
        ((0, 20, 30, 60), (-10, 20, 30, 60)),
        ((80, 20, 100, 60), (80, 20, 120, 60)),
        ((20, 0, 60, 25), (20, -15, 60, 25)),
        ((20, 70, 60, 90), (20, 70, 60, 110)),
    ],
)
def test_a_box_that_the_edge_cuts_short_keeps_its_framing(clipped: Box, whole: Box) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (90, 100, 3)).astype(np.uint8)
    one, other = crop_faces(picture, [Face(clipped), Face(whole)], 48)
    assert np.array_equal(one, other)


@pytest.mark.parametrize("clockwise", [-40.0, 25.0])
def test_a_leaning_head_is_set_upright(clockwise: float) -> None:
    """Turned with the picture and cut out with its roll, a face is as it was."""
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3)).astype(np.uint8)
    frame = np.asarray(cv2.resize(noise, (240, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
    turn = cv2.getRotationMatrix2D((119.5, 119.5), -clockwise, 1.0)
    leaning = np.asarray(cv2.warpAffine(frame, turn, (240, 240)), np.uint8)
    box = (72, 72, 168, 168)
    upright = crop_faces(frame, [Face(box)], 48)[0].astype(float)
    set_upright = crop_faces(leaning, [Face(box, roll=clockwise)], 48)[0]
    left = crop_faces(leaning, [Face(box, roll=0.0)], 48)[0]
    assert np.abs(set_upright - upright).mean() < 0.3 * np.abs(left - upright).mean()


def test_a_head_that_hardly_leans_is_cut_out_as_it_is() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 100, 3)).astype(np.uint8)
    crops = [crop_faces(frame, [Face((20, 20, 60, 60), roll=roll)], 48)[0] for roll in (None, 8.0)]
    assert np.array_equal(*crops)
