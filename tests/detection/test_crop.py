"""A face at the picture's edge is framed as one in the middle."""

from __future__ import annotations

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
